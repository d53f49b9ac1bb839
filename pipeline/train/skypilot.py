"""A run as a SkyPilot task: the YAML with which `sky launch` trains it on a rented machine."""

import json
import shlex
from dataclasses import fields
from pathlib import Path

from pipeline.train.config import Settings, TrainConfig
from pipeline.train.presets import preset
from pipeline.workspace import REPOSITORY

HOME = "~/graft"


def task(frozen: TrainConfig, accelerators: str) -> str:
    """Return the YAML that trains what a config says on `accelerators` (`A100:2`), or a CPU."""
    export, model = Path(frozen.export), Path(frozen.model)
    name = f"graft-{export.name}"
    lines = [
        f"# {frozen.title}, as Graft would train it here. Start it:  sky launch -c {name} FILE",
        f"# Bring the run back:  rsync -a {name}:graft/runs/1/ RUN_FOLDER/",
        f"# Then give the machine back:  sky down {name}",
        f"name: {_text(name)}",
        f"workdir: {_text(str(REPOSITORY))}",
        *(["resources:", f"  accelerators: {_text(accelerators)}"] if accelerators else []),
        "file_mounts:",
        f"  {_text(f'{HOME}/exports/{export.name}')}: {_text(str(export))}",
        f"  {_text(f'{HOME}/models/{model.name}')}: {_text(str(model))}",
        "setup: |",
        "  python -m pip install -r requirements.txt",
        "run: |",
        f"  {_command(frozen, accelerators)}",
    ]
    return "\n".join(lines) + "\n"


def _command(frozen: TrainConfig, accelerators: str) -> str:
    prompt = frozen.system_prompt
    words = ["python", "-m", "pipeline", "--workspace", HOME, "train", Path(frozen.export).name]
    words += ["--model", Path(frozen.model).name, "--layout", frozen.layout]
    words += ["--preset", "strong", "--title", frozen.title, "--wait"]
    words += ["--system-prompt", prompt.text if prompt.policy == "text" else prompt.policy]
    words += ["--device", _device(accelerators)]
    if not accelerators and frozen.processes > 1:
        words += ["--processes", str(frozen.processes)]
    usual = preset("strong").settings
    for field in fields(Settings):
        value = getattr(frozen.settings, field.name)
        if value != getattr(usual, field.name):
            words += ["--set", f"{field.name}={json.dumps(value, ensure_ascii=False)}"]
    # The shell of the machine has to see ~ bare.
    return " ".join(word if word == HOME else shlex.quote(word) for word in words)


def _device(accelerators: str) -> str:
    """All the GPUs that were asked for, a process each."""
    count = accelerators.rpartition(":")[2]
    if not accelerators:
        return "cpu"
    return "cuda:" + ",".join(map(str, range(int(count) if count.isdigit() else 1)))


def _text(value: str) -> str:
    """Return a text as YAML: a JSON string is one."""
    return json.dumps(value, ensure_ascii=False)
