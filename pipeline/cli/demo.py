"""The verbs demo and story: the whole job on the samples; the account replayed."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline import demo, story, story_page
from pipeline.cli import evaluate, train
from pipeline.cli.output import Context
from pipeline.errors import BadInput
from pipeline.workspace import REPOSITORY


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("demo", help="do the whole job on data/samples with a real small model")
    verb.add_argument("--no-serve", action="store_true", help="end after the last table")
    verb.set_defaults(do=_demo)
    verb = verbs.add_parser("story", help="replay the account on the samples: docs/story.md")
    verb.add_argument("--quick", action="store_true", help="one pass a run, few rows: to try it")
    verb.add_argument(
        "--short", action="store_true", help="ask a dozen held-back rows of each file"
    )
    verb.add_argument("--model", type=Path, help="another base than the demo model")
    verb.add_argument("--until", type=int, metavar="N", help="tell the first N runs only")
    verb.add_argument("--to", type=Path, metavar="DIR", help="the folder to write to, else docs/")
    verb.set_defaults(do=_story)


def _story(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.quick and arguments.to is None:
        raise BadInput("--quick is for trying it out: name a folder with --to, docs/ is measured.")
    told = demo.Told(context.say, train.Narrator(context), evaluate.Narrator(context))
    budget = story.SHORT if arguments.short else story.Budget()
    budget = story.QUICK if arguments.quick else budget
    began = time.monotonic()
    try:
        until = arguments.until or len(story.CHAPTERS)
        found = story.tell(context.workspace(), told, budget, model=arguments.model, until=until)
    except KeyboardInterrupt:
        context.progress("\nInterrupted. What is finished is kept: start the story again to go on.")
        return 130
    minutes = (time.monotonic() - began) / 60
    written = story_page.write(found, arguments.to or REPOSITORY / "docs", minutes=minutes)
    context.say(f"Written: {written}")
    context.result({"page": str(written), "models": found.report.values()})
    return 0


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
