"""The verb dedup: duplicates, other wordings, conflicts and look-alikes; leaks of an export."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import get_args

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.curate import dedup, quality
from pipeline.curate.dedup import Choice, DedupReport
from pipeline.curate.encoders import encoder_of
from pipeline.curate.near import Progress
from pipeline.errors import BadInput
from pipeline.publish import leaks
from store import clusters, pairs, removals
from store.db import Database
from store.relation_types import KeeperRule


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    same = verbs.add_parser("dedup", help="find duplicates, other wordings, conflicts, look-alikes")
    same.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    same.add_argument("--threshold", type=float, help="how alike (default: as chosen last, or .75)")
    same.add_argument(
        "--keep", choices=get_args(KeeperRule), help="which of equal pairs stays (default: oldest)"
    )
    same.add_argument("--apply", action="store_true", help="remove exact duplicates")
    same.add_argument("--edited", action="store_true", help="with --apply: also edited duplicates")
    same.add_argument(
        "--semantic",
        nargs="?",
        const="",
        metavar="MODEL",
        help="compare by meaning too, with the small model that comes along or a model's folder",
    )
    same.add_argument(
        "--meaning-threshold", type=float, help="cosine from which --semantic's findings count"
    )
    same.add_argument(
        "--against", metavar="EXPORT", help="instead: pairs that give test rows of an export away"
    )
    same.set_defaults(do=_dedup)


def _dedup(arguments: argparse.Namespace, context: Context) -> int:
    threshold = arguments.threshold
    if threshold is not None and not 0 < threshold <= 1:
        raise BadInput(f"--threshold is {threshold}; it has to be above 0 and at most 1.")
    if arguments.edited and not arguments.apply:
        raise BadInput("--edited removes nothing by itself. Add --apply.")
    with opened(context) as db:
        ids = [summary.dataset.id for summary in quality.chosen(db, names(arguments.datasets))]
        choice = _choice(db, arguments)
        if arguments.against:
            return _leaks(db, ids, choice, arguments, context)
        if arguments.semantic is not None:
            name, encoder = encoder_of(arguments.semantic)
            context.progress(f"comparing by meaning with {name}")
            dedup.scan_meaning(db, ids, encoder, name=name, progress=_progress(context))
        reasons = dedup.EDITED if arguments.edited else dedup.EXACT
        report = dedup.run(
            db,
            ids,
            choice=choice,
            apply=reasons if arguments.apply else (),
            progress=_progress(context),
        )
        _say(report, arguments, context)
        context.stream(
            {
                "pairs": report.pairs,
                "removed": report.removed,
                "removable": report.removable["same"],
                "removable_edited": report.removable["edited"],
                "threshold": choice.threshold,
                "meaning_threshold": choice.meaning_threshold,
                "keep": choice.keep,
                "action": report.action_id,
                "counts": dict(report.clusters),
            },
            removals=_removed(db, report),
            clusters=_clusters(db, ids, report),
        )
    return 0


def _choice(db: Database, arguments: argparse.Namespace) -> Choice:
    """What was chosen in this workspace before, but for what is asked for now."""
    choice = dedup.chosen(db)
    if arguments.threshold is not None:
        choice = replace(choice, threshold=arguments.threshold)
    if arguments.meaning_threshold is not None:
        choice = replace(choice, meaning_threshold=arguments.meaning_threshold)
    if arguments.keep is not None:
        choice = replace(choice, keep=arguments.keep)
    return choice


def _say(report: DedupReport, arguments: argparse.Namespace, context: Context) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in report.clusters.items() if count)
    exact, edited = report.removable["same"], report.removable["edited"]
    context.say(f"{report.pairs} pairs, {report.removed} removed. Clusters: {counts or 'none'}.")
    if exact and not arguments.apply:
        context.say(f"{exact} are exact duplicates: --apply removes them.")
    if edited and not arguments.edited:
        context.say(f"{edited} are edited duplicates: --apply --edited removes them too.")
    if report.action_id is not None:
        context.say("It is one action, and the dashboard's Undo takes it back whole.")


def _progress(context: Context) -> Progress:
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        tenth = int(share * 10)
        if tenth > told and 0 < tenth < 10:
            told = tenth
            context.progress(f"compared {tenth * 10} %")

    return tell


def _removed(db: Database, report: DedupReport) -> Iterator[dict[str, object]]:
    if report.action_id is not None:
        for each in removals.of_action(db, report.action_id):
            yield {
                "id": each.pair_id,
                "duplicate_of": each.duplicate_of,
                "relation": each.relation,
                "reason": each.reason,
                "score": round(each.score, 4),
                "answer_score": round(each.answer_score, 4),
            }


def _clusters(db: Database, ids: list[int], report: DedupReport) -> Iterator[dict[str, object]]:
    for cluster, sources in clusters.each(db, ids, action_id=report.action_id):
        yield {
            "relation": cluster.relation,
            "reason": cluster.reason,
            "score": round(cluster.score, 4),
            "keeper": cluster.keeper_id,
            "pairs": [
                {
                    "id": member.pair_id,
                    "file": file,
                    "row": row,
                    "linked_to": member.linked_to,
                    "reason": member.reason,
                    "score": round(member.score, 4),
                    "answer_score": round(member.answer_score, 4),
                }
                for member, (file, row) in zip(cluster.members, sources, strict=True)
            ],
        }


def _leaks(
    db: Database, ids: list[int], choice: Choice, arguments: argparse.Namespace, context: Context
) -> int:
    """Say which pairs give test rows away; 1 while there are any, unless --apply rejects them."""
    export = context.workspace().export(arguments.against)
    found = leaks.find(db, export, ids, threshold=choice.threshold, progress=_progress(context))
    action_id = None
    if found and arguments.apply:
        action_id = pairs.set_status(db, [leak.pair_id for leak in found], "rejected")
    context.say(f"{len(found)} pairs give test rows of {export.name} away.")
    for leak in found[:20]:
        context.say(f"  pair {leak.pair_id}: {leak.relation} of {leak.file}:{leak.row}")
    if found and not arguments.apply:
        context.say("--apply rejects them, as one action that can be undone.")
    rejected = len(found) if action_id is not None else 0
    context.stream(
        {"export": export.name, "leaks": len(found), "rejected": rejected, "action": action_id},
        pairs=(asdict(leak) for leak in found),
    )
    return 1 if found and action_id is None else 0
