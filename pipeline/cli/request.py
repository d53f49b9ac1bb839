"""What the verbs that train are told, and the request that it makes."""

import argparse
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.models.template import SystemPrompt
from pipeline.queue.entry import PRIORITIES
from pipeline.train import continuing, jobs, presets
from pipeline.train.adapters import adapter_of
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import Workspace


def add_request(verb: argparse.ArgumentParser) -> None:
    """Add the arguments that describe a run."""
    verb.add_argument("export", help="an export's name in the workspace, or its folder")
    verb.add_argument("--model", default="", help="a model's name in the workspace, or folder")
    verb.add_argument(
        "--from",
        dest="parent",
        default="",
        metavar="RUN|DIR",
        help="go on from a run's adapter, or one in a folder, as a new run",
    )
    verb.add_argument("--checkpoint", default="", metavar="step-N", help="of the run in --from")
    verb.add_argument("--preset", default="", help="default: strong; with --from: continue")
    verb.add_argument(
        "--layout", choices=["format2", "format3"], help="default: format3; with --from: its own"
    )
    verb.add_argument(
        "--device", default="auto", help="auto, cpu, mps, cuda:N, cuda:0,1 for several"
    )
    verb.add_argument("--report-to", default="", help="tensorboard, mlflow, wandb, trackio")
    verb.add_argument("--processes", type=int, default=1, help="processes that share the CPU")
    verb.add_argument(
        "--system-prompt",
        help="model: keep the template's own; none: take it out (default; with --from: what that "
        "run had); any other text: use that",
    )
    verb.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    verb.add_argument("--title", default="")
    verb.add_argument("--trust-remote-code", action="store_true")
    verb.add_argument("--priority", choices=PRIORITIES, default="normal", help="in the queue")
    verb.add_argument("--evaluate", action="store_true", help="evaluate it when it has finished")


def requested(arguments: argparse.Namespace, workspace: Workspace) -> LaunchRequest:
    """Return what the arguments ask for; BadInput says what is missing."""
    parent, adapter = _continued(arguments, workspace)
    if not (arguments.model or parent):
        raise BadInput("Name the base model with --model, or a run to go on from with --from.")
    preset = presets.preset(arguments.preset or ("continue" if adapter else "strong"))
    settings = continuing.shaped_like(preset.settings, adapter) if adapter else preset.settings
    return LaunchRequest(
        export=workspace.export(arguments.export),
        model=workspace.model(arguments.model or (parent.config.model if parent else "")),
        settings=presets.changed(settings, arguments.set),
        preset=preset.name,
        layout=arguments.layout or (parent.config.layout if parent else "format3"),
        device=arguments.device,
        system_prompt=_prompt(arguments.system_prompt, parent),
        title=arguments.title,
        processes=arguments.processes,
        report_to=tuple(filter(None, arguments.report_to.split(","))),
        trust_remote_code=arguments.trust_remote_code,
        priority=arguments.priority,
        initial_adapter=adapter,
        parent_run=parent.id if parent else None,
        evaluate_after=arguments.evaluate,
    )


def system_prompt(text: str) -> SystemPrompt:
    """Read the --system-prompt argument."""
    if text == "model":
        return SystemPrompt("model")
    return SystemPrompt("none") if text == "none" else SystemPrompt("text", text)


def _prompt(text: str | None, parent: Run | None) -> SystemPrompt:
    if text is None and parent:
        return parent.config.system_prompt
    return system_prompt(text or "none")


def _continued(
    arguments: argparse.Namespace, workspace: Workspace
) -> tuple[Run | None, Path | None]:
    """Return the run and the adapter's folder that --from names, None where it is not given."""
    if not arguments.parent:
        return None, None
    if not arguments.parent.isdecimal():
        return None, Path(arguments.parent).expanduser().resolve()
    run_id = int(arguments.parent)
    run = jobs.read(workspace, run_id)
    return run, adapter_of(run, arguments.checkpoint)
