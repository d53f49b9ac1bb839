"""Verb: sky, which writes a run as a SkyPilot task. It opens no database."""

import argparse
from pathlib import Path

from pipeline.cli.output import Context
from pipeline.errors import BadInput
from pipeline.jsonio import write_atomic
from pipeline.train import config, skypilot


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb to the parser."""
    sky = verbs.add_parser("sky", help="write a run as a SkyPilot task, for a rented machine")
    sky.add_argument("run", type=int, help="train as this run was trained")
    sky.add_argument("--accelerators", default="", metavar="NAME:N", help="A100:1, say; none: CPU")
    sky.add_argument("--out", type=Path, default=Path("task.yaml"), help="the file to write")
    sky.set_defaults(do=_sky)


def _sky(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.out.exists():
        raise BadInput(f"{arguments.out} exists already. Name another file with --out.")
    frozen = config.read(context.workspace().run(arguments.run))
    write_atomic(arguments.out, skypilot.task(frozen, arguments.accelerators).encode())
    command = f"sky launch {arguments.out}"
    context.say(command)
    context.result({"run": arguments.run, "task": str(arguments.out), "command": command})
    return 0
