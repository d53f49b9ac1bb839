"""Convert a GGUF file to a model folder: `python -m pipeline.workers.convert GGUF_FILE OUT_FOLDER`.

The folder holds float32 safetensors, the tokenizer and its chat template. It appears whole or not
at all. Exit code 0, or 1 with the reason on stderr.
"""

import shutil
import sys
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from pipeline.errors import BadInput, PipelineError


def convert(gguf: Path, folder: Path) -> None:
    """Write the model of `gguf` into `folder`, which must not exist yet.

    Quantised weights are unpacked, so that LoRA can be trained on them and merged into them.
    """
    if not gguf.is_file():
        raise BadInput("There is no file {gguf}.", gguf=gguf)
    if folder.exists():
        raise BadInput("{folder} exists already. Remove it, or name another folder.", folder=folder)
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    tokenizer = AutoTokenizer.from_pretrained(
        gguf.parent, gguf_file=gguf.name, local_files_only=True
    )
    if not tokenizer.chat_template:
        raise BadInput(
            "{gguf} holds no chat template, so it cannot be trained as a chat.", gguf=gguf
        )
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype="float32",
        local_files_only=True,
    )
    model.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    unfinished.rename(folder)


def main(arguments: list[str]) -> int:
    """Convert as the command line asks and return the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m pipeline.workers.convert GGUF_FILE OUT_FOLDER\n")
        return 2
    try:
        convert(Path(arguments[0]), Path(arguments[1]))
    except (PipelineError, OSError, ValueError) as error:
        sys.stderr.write(f"{arguments[0]} cannot be converted: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
