"""The verb demo: the whole job on the samples, then the dashboard."""

import argparse
import os
import subprocess
import sys

from pipeline import demo
from pipeline.cli import evaluate, train
from pipeline.cli.output import Context
from pipeline.workspace import REPOSITORY


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("demo", help="do the whole job on data/samples with a real small model")
    verb.add_argument("--no-serve", action="store_true", help="end after the last table")
    verb.set_defaults(do=_demo)


def _demo(arguments: argparse.Namespace, context: Context) -> int:
    told = demo.Told(context.say, train.Narrator(context), evaluate.Narrator(context))
    workspace = context.workspace()
    try:
        report = demo.run(workspace, told)
    except KeyboardInterrupt:
        context.progress("\nInterrupted. What was begun is kept: start the demo again to go on.")
        return 130
    context.say("")
    context.say(evaluate.table(report))
    for note in report.notes:
        context.progress(f"note: {note}")
    context.result({"export": demo.EXPORT, "models": report.values()})
    if arguments.no_serve:
        return 0
    context.say("\nThe dashboard: http://127.0.0.1:8501 (Ctrl-C ends it)")
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    environment = {**os.environ, "GRAFT_HOME": str(workspace.root)}
    try:
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
