"""The memory estimate beside what the real training worker takes, over architectures and settings.

`python -m benchmarks.memory --keep FOLDER`: random weights in the shapes of real models, the
tokenizer of the demo model; each run is the worker in a process of its own, a few steps long. Its
peak is the largest resident set that the kernel recorded of it; on a GPU (`--device cuda:0`) the
most that torch held there, beside which the estimate stands without the process's own share.
Prints a Markdown table.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import processes
from pipeline.jsonio import read_json
from pipeline.launches import read_exit
from pipeline.models import tokenizer
from pipeline.models.shape import shape_of
from pipeline.models.template import SystemPrompt
from pipeline.publish.lengths import file_lengths
from pipeline.train import config
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.train.devices import devices, environment
from pipeline.train.estimate import Estimate, estimate, machine, parts
from pipeline.workspace import REPOSITORY

TOKENIZER = REPOSITORY / "data" / "model-cache" / "smollm2-135m-instruct"
SHAPES: dict[str, tuple[str, dict[str, object]]] = {
    "llama": (
        "LlamaConfig",  # SmolLM2-135M
        {
            "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
            "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
            "tie_word_embeddings": True,
        },
    ),
    "qwen3": (
        "Qwen3Config",  # Qwen3-0.6B, 6 of its 28 layers, on disk in bfloat16
        {
            "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
            "num_hidden_layers": 6, "num_attention_heads": 16, "num_key_value_heads": 8,
            "head_dim": 128, "tie_word_embeddings": True, "dtype": "bfloat16",
        },
    ),
    "qwen2": (
        "Qwen2Config",  # Qwen2.5-1.5B, for GPUs
        {
            "vocab_size": 151936, "hidden_size": 1536, "intermediate_size": 8960,
            "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
            "tie_word_embeddings": True, "dtype": "bfloat16",
        },
    ),
    "llama3": (
        "LlamaConfig",  # Llama-3.1-8B, for GPUs
        {
            "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336,
            "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
            "tie_word_embeddings": False, "dtype": "bfloat16",
        },
    ),
    "gemma3": (
        "Gemma3TextConfig",  # Gemma-3-270M
        {
            "vocab_size": 262144, "hidden_size": 640, "intermediate_size": 2048,
            "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1,
            "head_dim": 256, "tie_word_embeddings": True,
        },
    ),
    "gpt_neox": (
        "GPTNeoXConfig",  # Pythia-160M
        {
            "vocab_size": 50304, "hidden_size": 768, "intermediate_size": 3072,
            "num_hidden_layers": 12, "num_attention_heads": 12,
        },
    ),
}  # fmt: skip
SETTINGS: dict[str, dict[str, object]] = {
    "rank 16": {},
    "rank 64": {"rank": 64, "alpha": 128},
    "checkpointing": {"gradient_checkpointing": True},
    "dropout": {"dropout": 0.1},
    "DoRA": {"dora": True},
    "one row at once": {"batch_rows": 1, "accumulation": 4},
    "twice the rows": {"batch_rows": 8},
    "4 bits": {"quantization": "4bit"},
    "8 bits": {"quantization": "8bit"},
}
ON_CPU = ("llama", "qwen3", "gemma3", "gpt_neox")
NEEDS_GPU = ("4 bits", "8 bits")
_MAKE = """
import sys, json, torch, transformers
name, values, folder = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
dtype = values.pop("dtype", "float32")
torch.manual_seed(0)
config = getattr(transformers, name)(**values, bos_token_id=1, eos_token_id=2, pad_token_id=2)
with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
model.save_pretrained(folder)
"""
ROWS, PROMPT_WORDS, ANSWER_WORDS = 16, 150, 50


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a model's shape under settings."""

    shape: str
    settings: str


def make_model(home: Path, name: str) -> Path:
    """Write random weights in the shape of a real model, once, and return the folder."""
    folder = home / "models" / name
    if not (folder / "tokenizer.json").exists():
        kind, values = SHAPES[name]
        arguments = [sys.executable, "-c", _MAKE, kind, json.dumps(values), str(folder)]
        subprocess.run(arguments, check=True, capture_output=True)
        for part in ("chat_template.jinja", "tokenizer_config.json", "tokenizer.json"):
            (folder / part).write_bytes((TOKENIZER / part).read_bytes())
    return folder


def make_rows(home: Path) -> DataFile:
    """Write rows of uneven lengths, alike each time."""
    chance = random.Random(5)
    words = ["value", "pump", "seven", "river", "clinic", "harbour", "ready", "north"]
    made = [
        {
            "instruction": " ".join(chance.choices(words, k=chance.randint(90, PROMPT_WORDS))),
            "input": "",
            "output": " ".join(chance.choices(words, k=chance.randint(20, ANSWER_WORDS))),
        }
        for _ in range(ROWS)
    ]
    data = json.dumps(made).encode()
    (home / "rows_format2.json").write_bytes(data)
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return DataFile("rows_format2.json", "rows", "domain", sha1, ROWS)


def planned(home: Path, case: Case, file: DataFile, device: str) -> TrainConfig:
    """Return the config of a run."""
    chosen = {"epochs": 1, "batch_rows": 4, "cutoff_tokens": 512, "batch_tokens": 4096}
    return TrainConfig(
        title=f"{case.shape} {case.settings}",
        model=str(make_model(home, case.shape)),
        export=str(home),
        layout="format2",
        data=(file,),
        validation=(),
        system_prompt=SystemPrompt("none"),
        device=device,
        preset="strong",
        settings=Settings(**{**chosen, **SETTINGS[case.settings]}),  # type: ignore[arg-type]
    )


def estimated(plan: TrainConfig) -> Estimate:
    """Reckon what the run will take."""
    folder = Path(plan.model)
    coder = tokenizer.load(folder, plan.system_prompt)
    lengths = [
        file_lengths(Path(plan.export) / file.name, coder, plan.settings.cutoff_tokens)
        for file in plan.data
    ]
    split = parts(lengths, [file.repeat for file in plan.data], plan.settings, plan.device)
    return estimate(shape_of(folder), plan.settings, machine(plan.device, plan.settings), split)


def measured(home: Path, plan: TrainConfig) -> dict[str, object]:
    """Run the worker to its end and return its result."""
    folder = Path(tempfile.mkdtemp(dir=home))
    config.write(folder, plan)
    worker = processes.Worker("pipeline.workers.train", log_name="train.log")
    processes.start(folder, worker, environment(devices().get(plan.device)))
    while read_exit(folder) is None:
        time.sleep(0.5)
    path = folder / "result.json"
    return read_json(path) if path.exists() else {"state": f"failed, see {folder}"}


def table(home: Path, cases: Iterator[Case], device: str) -> Iterator[str]:
    """Yield a line of Markdown a run."""
    file = make_rows(home)
    yield "| shape | settings | rows × tokens | estimate MiB | measured MiB | off |"
    yield "|---|---|---|---|---|---|"
    for case in cases:
        plan = planned(home, case, file, device)
        guess = estimated(plan)
        told = measured(home, plan)
        if "peak_memory_bytes" not in told:
            yield f"| {case.shape} | {case.settings} | | | {told.get('state')} | |"
            continue
        peak = int(str(told["peak_memory_bytes"]))
        total = guess.total if device == "cpu" else guess.total - guess.process
        off = total / peak - 1
        size = f"{guess.part.rows} × {guess.part.length}"
        yield (
            f"| {case.shape} | {case.settings} | {size} | {total >> 20:,} | {peak >> 20:,} "
            f"| {off:+.0%} |"
        )


def main() -> None:
    """Run the cases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a folder that keeps models and runs")
    parser.add_argument("--device", default="cpu", help="cpu, or a GPU: cuda:0")
    parser.add_argument("--shapes", default="", help="with commas; else all that the device holds")
    parser.add_argument("--settings", default="", help="with commas; else all of the device")
    arguments = parser.parse_args()
    home = arguments.keep or Path(tempfile.mkdtemp(prefix="graft-memory-"))
    home.mkdir(parents=True, exist_ok=True)
    is_cpu = arguments.device == "cpu"
    shapes = arguments.shapes.split(",") if arguments.shapes else ON_CPU if is_cpu else SHAPES
    chosen = [name for name in SETTINGS if not (is_cpu and name in NEEDS_GPU)]
    chosen = arguments.settings.split(",") if arguments.settings else chosen
    cases = (Case(shape, settings) for shape in shapes for settings in chosen)
    for line in table(home, cases, arguments.device):
        print(line, flush=True)  # A report is what this is for.


if __name__ == "__main__":
    main()
