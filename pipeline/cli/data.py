"""Verbs: import, check, dedup. They open the workspace's database."""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.cli.output import Context
from pipeline.curate import dedup, quality
from pipeline.curate.importing import Target, import_files
from pipeline.errors import BadInput
from store import pairs
from store.db import Database


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    bring = verbs.add_parser("import", help="bring question-answer files into a dataset")
    bring.add_argument("files", nargs="+", type=Path, metavar="FILE")
    bring.add_argument("--dataset", required=True, help="a new name, or a dataset to add to")
    bring.add_argument("--role", required=True, choices=["identity", "domain", "general"])
    bring.add_argument("--domain", default="", help="the field, in a word or two")
    bring.add_argument("--trigger", help="the task sentence of format3, if the file has none")
    bring.add_argument("--layout", choices=["format2", "format3"], help="instead of recognising it")
    bring.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    bring.set_defaults(do=_import)

    check = verbs.add_parser("check", help="say what in the data would spoil training")
    check.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    check.set_defaults(do=_check)

    same = verbs.add_parser("dedup", help="find duplicates, other wordings, conflicts, look-alikes")
    same.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    same.add_argument("--threshold", type=float, default=dedup.DEFAULT_THRESHOLD)
    same.add_argument("--apply", action="store_true", help="remove exact duplicates")
    same.set_defaults(do=_dedup)


@contextmanager
def opened(context: Context) -> Iterator[Database]:
    """Open the workspace's database for one verb."""
    db = Database.open(context.workspace().database)
    try:
        yield db
    finally:
        db.close()


def names(text: str) -> list[str]:
    """Split a list of dataset names."""
    return [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]


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


def _check(arguments: argparse.Namespace, context: Context) -> int:
    with opened(context) as db:
        findings = quality.check(db, quality.chosen(db, names(arguments.datasets)))
    for finding in findings:
        place = f" {finding.source}" if finding.source else ""
        context.say(f"{finding.dataset}{place}: {finding.check} {finding.fact}")
    context.say(f"{len(findings)} findings.")
    fields = quality.Finding.__dataclass_fields__
    context.result({"findings": [{name: getattr(f, name) for name in fields} for f in findings]})
    return 0


def _dedup(arguments: argparse.Namespace, context: Context) -> int:
    if not 0 < arguments.threshold <= 1:
        raise BadInput(f"--threshold is {arguments.threshold}; it has to be above 0 and at most 1.")
    with opened(context) as db:
        chosen = quality.chosen(db, names(arguments.datasets))
        ids = [summary.dataset.id for summary in chosen]
        report = dedup.run(db, ids, threshold=arguments.threshold, apply=arguments.apply)
        members = {i for cluster in report.result.clusters for i in cluster.pair_ids}
        where = {pair.id: (pair.source_file, pair.source_row) for pair in pairs.by_ids(db, members)}
    found = Counter(cluster.relation for cluster in report.result.clusters)
    removed = len(report.result.removed) if arguments.apply else 0
    counts = ", ".join(f"{count} {relation}" for relation, count in sorted(found.items()))
    context.say(f"{report.pairs} pairs, {removed} removed. Clusters: {counts or 'none'}.")
    if report.result.removed and not arguments.apply:
        context.say(f"{len(report.result.removed)} are exact duplicates: --apply removes them.")
    context.result(
        {
            "pairs": report.pairs,
            "removed": removed,
            "removable": len(report.result.removed),
            "threshold": arguments.threshold,
            "clusters": [
                {
                    "relation": cluster.relation,
                    "score": cluster.score,
                    "keeper": cluster.keeper_id,
                    "pairs": [
                        {"id": i, "file": where[i][0], "row": where[i][1]} for i in cluster.pair_ids
                    ],
                }
                for cluster in report.result.clusters
            ],
        }
    )
    return 0


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise BadInput(f"--set {text!r} is not NAME=VALUE.")
    return name.strip(), value
