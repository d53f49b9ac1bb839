"""The line for a terminal that starts exactly the run that a form describes. Pure."""

import json
import shlex
from dataclasses import fields
from pathlib import Path

from pipeline.train import continuing
from pipeline.train.config import Settings
from pipeline.train.presets import preset
from pipeline.train.request import LaunchRequest

PROGRAM = ("python", "-m", "pipeline")


def train_command(request: LaunchRequest, workspace: Path) -> tuple[str, ...]:
    """Return the arguments of `train` that give the same config, the token apart."""
    return (*PROGRAM, "--workspace", str(workspace), "train", *arguments(request))


def arguments(request: LaunchRequest) -> tuple[str, ...]:
    """Return what describes a request to the verbs `train` and `study`."""
    prompt = request.system_prompt
    said = [
        str(request.export),
        *("--model", str(request.model)),
        *("--preset", request.preset),
        *("--layout", request.layout),
        *("--device", request.device),
        *("--system-prompt", prompt.text if prompt.policy == "text" else prompt.policy),
    ]
    for assignment in assignments(request):
        said += ["--set", assignment]
    if request.title:
        said += ["--title", request.title]
    if request.processes > 1:
        said += ["--processes", str(request.processes)]
    if request.report_to:
        said += ["--report-to", ",".join(request.report_to)]
    if request.trust_remote_code:
        said.append("--trust-remote-code")
    if request.evaluate_after:
        said.append("--evaluate")
    return (*said, *_parent(request))


def assignments(request: LaunchRequest) -> tuple[str, ...]:
    """Return `name=value` for each setting that differs from the preset."""
    start = preset(request.preset).settings
    if request.initial_adapter:
        start = continuing.shaped_like(start, request.initial_adapter)
    return tuple(
        f"{each.name}={_text(getattr(request.settings, each.name))}"
        for each in fields(Settings)
        if getattr(request.settings, each.name) != getattr(start, each.name)
    )


def line(command: tuple[str, ...]) -> str:
    """Return a command as it is typed into a shell."""
    return shlex.join(command)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parent(request: LaunchRequest) -> tuple[str, ...]:
    if request.initial_adapter is None:
        return ()
    if request.parent_run is None:
        return ("--from", str(request.initial_adapter))
    folder = request.initial_adapter
    is_checkpoint = folder.parent.name == "checkpoints"
    return (
        *("--from", str(request.parent_run)),
        *(("--checkpoint", folder.name) if is_checkpoint else ()),
    )
