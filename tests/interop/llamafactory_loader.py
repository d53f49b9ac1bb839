"""Loads datasets of a folder as LLaMA-Factory does; runs in a process of its own, beside it.

Arguments: the folder, where to write, the names of datasets separated by commas, and perhaps a
training_args.yaml that its own parser has to take.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import datasets
import yaml
from llamafactory.data.loader import _get_merged_dataset
from llamafactory.hparams import DataArguments, ModelArguments, get_train_args


def main(folder: str, out: str, names: str, arguments: str = "") -> None:
    """Write what was loaded: one conversation a line, and how many rows `datasets` itself finds."""
    loaded = _get_merged_dataset(
        names.split(","),
        ModelArguments(model_name_or_path="none"),
        DataArguments(dataset_dir=folder, template="chatml"),
        SimpleNamespace(local_process_index=0, seed=42),
        "sft",
        return_dict=True,
    )
    with Path(out).open("w", encoding="utf-8") as file:
        for name, rows in loaded.items():
            for row in rows:
                told = [row["_system"] or "", *(turn["content"] for turn in row["_prompt"])]
                told += [turn["content"] for turn in row["_response"]]
                file.write(json.dumps([name, told]) + "\n")
    if arguments:
        get_train_args(yaml.safe_load(Path(arguments).read_text(encoding="utf-8")))
    listed = json.loads((Path(folder) / "dataset_info.json").read_bytes())
    for name in names.split(","):
        path = Path(folder) / listed[name]["file_name"]
        if path.suffix == ".json":
            plain = datasets.load_dataset("json", data_files=str(path), split="train")
            if len(plain) != len(json.loads(path.read_bytes())):
                raise SystemExit(f"{path} has {len(plain)} rows for datasets")


if __name__ == "__main__":
    main(*sys.argv[1:])
