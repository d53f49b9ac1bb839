"""The verb check: says what in the data would spoil training, and repairs what can be repaired."""

import argparse
from collections import Counter

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.curate import dataset_checks, fixes, judge, quality
from pipeline.curate.checks.found import CODES
from pipeline.errors import BadInput
from store.db import Database
from store.types import DatasetSummary

SHOWN = 160
"""Characters of a text in a line for a person."""


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    check = verbs.add_parser("check", help="say what in the data would spoil training")
    check.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    check.add_argument("--code", default="", help="only these findings, separated by commas")
    check.add_argument("--fix", default="", metavar="CODES", help="repair these findings")
    check.add_argument(
        "--dry-run", action="store_true", help="with --fix: show what would change, change nothing"
    )
    check.set_defaults(do=_check)


def _check(arguments: argparse.Namespace, context: Context) -> int:
    codes, to_fix = tuple(names(arguments.code)), tuple(names(arguments.fix))
    _refuse_unknown(codes)
    if arguments.dry_run and not to_fix:
        raise BadInput("--dry-run shows what --fix would change. Name codes with --fix.")
    with opened(context) as db:
        chosen = quality.chosen(db, names(arguments.datasets))
        judged = _judge(db, context)
        fixed = _fix(db, chosen, arguments, context) if to_fix else None
        workspace = context.workspace()
        findings = quality.check(db, chosen, codes=codes, workspace=workspace)
    _say(findings, judged, context)
    fields = quality.Finding.__dataclass_fields__
    result: dict[str, object] = {
        "pairs": sum(summary.usable for summary in chosen),
        "judged": judged.judged,
        "lengths": judged.model or "estimated",
        "counts": _pairs_by_code(findings),
        "findings": [{name: getattr(f, name) for name in fields} for f in findings],
    }
    context.result(result | ({"fix": fixed} if fixed else {}))
    return 0


def _refuse_unknown(codes: tuple[str, ...]) -> None:
    known = {*CODES, *dataset_checks.CODES}
    wrong = [code for code in codes if code not in known]
    if wrong:
        raise BadInput(f"There is no check {', '.join(wrong)}. There are {', '.join(known)}.")


def _judge(db: Database, context: Context) -> judge.Pass:
    def progress(done: int, total: int) -> None:
        context.progress(f"checked {done:,} of {total:,}")

    return judge.judge(db, context.workspace(), progress=progress)


def _fix(
    db: Database,
    chosen: tuple[DatasetSummary, ...],
    arguments: argparse.Namespace,
    context: Context,
) -> dict[str, object]:
    codes = tuple(names(arguments.fix))
    repairs = fixes.planned(db, [summary.dataset for summary in chosen], codes)
    if arguments.dry_run:
        planned = list(repairs)
        changes = [
            {"pair_id": repair.pair.id, "field": field, "before": before, "after": after}
            for repair in planned
            for field, before, after in repair.changes()
        ]
        for change in changes:
            context.say(f"pair {change['pair_id']} {change['field']}:")
            context.say(f"  - {str(change['before'])[:SHOWN]}\n  + {str(change['after'])[:SHOWN]}")
        context.say(f"{len(planned)} pairs would change.")
        return {"pairs": len(planned), "action": None, "changes": changes}
    action, count = fixes.apply(db, repairs, codes, context.workspace())
    context.say(f"{count} pairs repaired; it can be undone.")
    return {"pairs": count, "action": action}


def _say(findings: tuple[quality.Finding, ...], judged: judge.Pass, context: Context) -> None:
    for finding in findings:
        place = f" {finding.source} {finding.field}" if finding.source else ""
        context.say(f"{finding.dataset}{place}: {finding.check} {' '.join(finding.fact.split())}")
    for code, count in _pairs_by_code(findings).items():
        context.say(f"{count:>8,}  {code}")
    how = f"counted by {judged.model}" if judged.model else "estimated"
    context.say(f"{len(findings)} findings; lengths in tokens are {how}.")


def _pairs_by_code(findings: tuple[quality.Finding, ...]) -> dict[str, int]:
    """Count the pairs (or datasets) of each code, the most frequent first."""
    seen = {(finding.check, finding.dataset, finding.pair_id) for finding in findings}
    return dict(Counter(code for code, _, _ in seen).most_common())
