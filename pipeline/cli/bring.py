"""The verb import: brings files of questions and answers into a dataset."""

import argparse
from pathlib import Path

from pipeline.cli.database import opened
from pipeline.cli.output import Context
from pipeline.curate.importing import Target, import_files
from pipeline.errors import BadInput


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    bring = verbs.add_parser("import", help="bring question-answer files into a dataset")
    bring.add_argument("files", nargs="+", type=Path, metavar="FILE")
    bring.add_argument("--dataset", required=True, help="a new name, or a dataset to add to")
    bring.add_argument("--role", required=True, choices=["identity", "domain", "general"])
    bring.add_argument("--domain", default="", help="the field, in a word or two")
    bring.add_argument("--trigger", help="the task sentence of format3, if the file has none")
    bring.add_argument("--layout", choices=["format2", "format3"], help="instead of recognising it")
    bring.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    bring.set_defaults(do=_import)


def _import(arguments: argparse.Namespace, context: Context) -> int:
    values = dict(_assignment(text) for text in arguments.set)
    target = Target(arguments.dataset, arguments.role, arguments.domain, arguments.trigger)
    with opened(context) as db:
        done = import_files(db, arguments.files, target, values=values, layout=arguments.layout)
    for warning in done.warnings:
        context.progress(f"warning: {warning}")
    for refused in done.refused:
        context.progress(f"refused: {refused.file} row {refused.row} {refused.reason}")
    if done.leftovers:
        left = ", ".join(f"{{{{{name}}}}}" for name in done.leftovers)
        context.progress(f"warning: placeholders left as they are: {left} (fill: --set name=…)")
    context.say(
        f"{done.imported} pairs imported into {done.dataset.name} ({done.layout}), "
        f"{len(done.refused)} refused."
    )
    context.result(
        {
            "dataset": done.dataset.name,
            "layout": done.layout,
            "trigger": done.dataset.trigger,
            "imported": done.imported,
            "refused": [{"file": r.file, "row": r.row, "reason": r.reason} for r in done.refused],
            "placeholders": list(done.leftovers),
            "warnings": list(done.warnings),
        }
    )
    return 0


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise BadInput(f"--set {text!r} is not NAME=VALUE.")
    return name.strip(), value
