"""The verb import: brings questions and answers into datasets, from files, folders and the hub."""

import argparse
import csv
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline.cli.database import opened
from pipeline.cli.output import Context
from pipeline.curate import columns, hub
from pipeline.curate.finding import find
from pipeline.curate.importing import (
    ImportedBefore,
    ImportResult,
    Progress,
    Reading,
    Target,
    import_files,
)
from pipeline.curate.records import Refused
from pipeline.curate.sources import Skipped, Source
from pipeline.errors import BadInput

_REFUSED_SHOWN = 100


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    bring = verbs.add_parser("import", help="bring question-answer files into a dataset")
    bring.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or hf:NAME")
    bring.add_argument("--dataset", help="a new name, or one to add to; else each file's own")
    bring.add_argument("--role", required=True, choices=["identity", "domain", "general"])
    bring.add_argument("--domain", default="", help="the field, in a word or two")
    bring.add_argument("--trigger", help="the task sentence of format3, if the file has none")
    bring.add_argument("--layout", choices=["format2", "format3"], help="instead of recognising it")
    bring.add_argument("--map", action="append", default=[], metavar="ROLE=COLUMN",
                       help="which column is the question, answer, context, system, history, "
                            "facts, messages, tools or text")  # fmt: skip
    bring.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    bring.add_argument("--refused", type=Path, metavar="CSV", help="write the refused rows here")
    bring.add_argument("--again", action="store_true", help="also what was imported before")
    bring.set_defaults(do=_import)


def _import(arguments: argparse.Namespace, context: Context) -> int:
    mapped = dict(_assignment(text, "--map") for text in arguments.map)
    how = Reading(
        layout=arguments.layout,
        columns=columns.mapped(mapped) if mapped else None,
        values=dict(_assignment(text, "--set") for text in arguments.set),
        is_again=arguments.again,
    )
    sources, skipped = _found(arguments.files, context)
    for each in skipped:
        context.progress(f"skipped: {each.name} {each.reason}")
    target = Target(arguments.dataset or "", arguments.role, arguments.domain, arguments.trigger)
    results = []
    bar = _Bar(context)
    with opened(context) as db:
        for name, members in _by_dataset(sources, arguments.dataset).items():
            bar.name = name
            try:
                done = import_files(db, members, replace(target, name=name), how, bar.show)
            except ImportedBefore as fact:
                if arguments.dataset or len(sources) == 1:
                    raise
                skipped.append(Skipped(name, str(fact)))
                context.progress(f"skipped: {fact}")
                continue
            except KeyboardInterrupt:
                bar.clear()
                context.progress(f"Cancelled. Nothing was kept of what went into {name}.")
                return 130
            finally:
                bar.clear()
            results.append(done)
            _say(done, context)
    if arguments.refused:
        _write(arguments.refused, (each for done in results for each in done.refused))
    context.result(_result(results, skipped))
    return 0


def _found(files: list[str], context: Context) -> tuple[list[Source], list[Skipped]]:
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for given in files:
        if hub.is_name(given):
            context.progress(f"fetching {given}")
            found = hub.fetch(context.workspace(), given)
        else:
            found = find(Path(given).expanduser())
        sources += found.sources
        skipped += found.skipped
    return sources, skipped


def _by_dataset(sources: list[Source], dataset: str | None) -> dict[str, list[Source]]:
    """Everything into the dataset that is named, or each set into one of its own name."""
    chosen: dict[str, list[Source]] = {}
    for source in sources:
        chosen.setdefault(dataset or source.title, []).append(source)
    return chosen


class _Bar:
    """One line on a terminal that says how far the import is; nothing where it is no terminal."""

    def __init__(self, context: Context) -> None:
        self._context, self._shown = context, ""
        self.name = ""

    def show(self, now: Progress) -> None:
        """Draw the line again where it has changed."""
        if not sys.stderr.isatty():
            return
        filled = round(now.share * 30)
        words = {"checking": "hashing", "reading": "reading", "storing": "storing"}[now.phase]
        line = (
            f"\r{self.name} [{'#' * filled}{'.' * (30 - filled)}] {now.share:4.0%} {words}, "
            f"{now.rows:,} pairs "
        )
        if line != self._shown:
            self._shown = line
            sys.stderr.write(line)
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""


def _say(done: ImportResult, context: Context) -> None:
    for warning in done.warnings:
        context.progress(f"warning: {warning}")
    for refused in done.refused[:_REFUSED_SHOWN]:
        context.progress(f"refused: {refused.file} row {refused.row} {refused.reason}")
    if len(done.refused) > _REFUSED_SHOWN:
        context.progress(f"refused: {len(done.refused):,} rows in all (the others: --refused CSV)")
        for reason, count in done.refused.by_reason().items():
            context.progress(f"  {count:,}: {reason}")
    if done.leftovers:
        left = ", ".join(f"{{{{{name}}}}}" for name in done.leftovers)
        context.progress(f"warning: placeholders left as they are: {left} (fill: --set name=…)")
    context.say(
        f"{done.imported} pairs imported into {done.dataset.name} ({done.layout}), "
        f"{len(done.refused)} refused."
    )


def _result(results: list[ImportResult], skipped: list[Skipped]) -> dict[str, object]:
    each = [
        {
            "dataset": done.dataset.name,
            "layout": done.layout,
            "trigger": done.dataset.trigger,
            "imported": done.imported,
            "refused": [{"file": r.file, "row": r.row, "reason": r.reason} for r in done.refused],
            "placeholders": list(done.leftovers),
            "warnings": list(done.warnings),
        }
        for done in results
    ]
    left_out = [{"name": one.name, "reason": one.reason} for one in skipped]
    if len(each) == 1:
        return {**each[0], "skipped": left_out}
    return {"datasets": each, "skipped": left_out}


def _write(path: Path, refused: Iterable[Refused]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            lines = csv.writer(file)
            lines.writerow(["file", "row", "reason"])
            lines.writerows([each.file, each.row, each.reason] for each in refused)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error


def _assignment(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise BadInput(f"{option} {text!r} is not NAME=VALUE.")
    return name.strip(), value
