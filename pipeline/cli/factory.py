"""Verb: factory, which hands an export to LLaMA-Factory. It opens no database."""

import argparse
from pathlib import Path

from pipeline.cli.output import Context
from pipeline.cli.request import system_prompt
from pipeline.errors import BadInput
from pipeline.jsonio import write_atomic
from pipeline.models import catalog
from pipeline.publish import manifest
from pipeline.publish.factory import Handover, Training, handover
from pipeline.publish.place import Placed, place
from pipeline.train import config, presets
from pipeline.workspace import Workspace


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb to the parser."""
    factory = verbs.add_parser("factory", help="hand an export to LLaMA-Factory")
    factory.add_argument("export", help="an export's name in the workspace, or its folder")
    factory.add_argument("--into", type=Path, help="LLaMA-Factory's data folder, kept as it is")
    factory.add_argument("--run", type=int, help="train as this run was trained")
    factory.add_argument("--model", help="a model's name in the workspace, or folder")
    factory.add_argument("--preset", default="strong")
    factory.add_argument("--layout", choices=["format2", "format3"], default="format3")
    factory.add_argument("--system-prompt", default="none", help="model, none, or a text")
    factory.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    factory.add_argument(
        "--out", type=Path, default=Path("training_args.yaml"), help="the file to write"
    )
    factory.set_defaults(do=_factory)


def _factory(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    folder = workspace.export(arguments.export)
    training = _training(arguments, workspace)
    placed = place(folder, arguments.into) if arguments.into else None
    made = None
    if training:
        made = _written(arguments, folder, placed, training)
        context.say(made.command)
    elif not placed:
        raise BadInput("Say what to hand over: --into FOLDER, or --model or --run, or both.")
    if placed:
        kept = f", the old registry is {placed.backup.name}" if placed.backup else ""
        context.progress(f"{len(placed.files)} files lie in {placed.folder}{kept}")
    context.result(
        {
            "export": folder.name,
            "folder": str(placed.folder if placed else folder),
            "datasets": list(placed.entries) if placed else [],
            "files": list(placed.files) if placed else [],
            "backup": str(placed.backup) if placed and placed.backup else None,
            "training_args": str(arguments.out) if made else None,
            "command": made.command if made else None,
            "template": made.template if made else None,
        }
    )
    return 0


def _written(
    arguments: argparse.Namespace, folder: Path, placed: Placed | None, training: Training
) -> Handover:
    if arguments.out.exists():
        raise BadInput(f"{arguments.out} exists already. Name another file with --out.")
    made = handover(
        manifest.read(folder),
        (placed.folder if placed else folder).resolve(),
        training,
        prefix=f"{folder.name}_" if placed else "",
        path=str(arguments.out),
    )
    write_atomic(arguments.out, made.yaml.encode())
    return made


def _training(arguments: argparse.Namespace, workspace: Workspace) -> Training | None:
    if arguments.run is not None:
        frozen = config.read(workspace.run(arguments.run))
        return Training(
            catalog.read(Path(frozen.model)), frozen.settings, frozen.system_prompt, frozen.layout
        )
    if arguments.model is None:
        return None
    return Training(
        model=catalog.read(workspace.model(arguments.model)),
        settings=presets.changed(presets.preset(arguments.preset).settings, arguments.set),
        system_prompt=system_prompt(arguments.system_prompt),
        layout=arguments.layout,
    )
