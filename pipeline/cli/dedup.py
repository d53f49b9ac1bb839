"""The verb dedup: finds duplicates, other wordings, conflicts and look-alikes."""

import argparse
from collections import Counter

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.curate import dedup, quality
from pipeline.errors import BadInput
from store import pairs


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    same = verbs.add_parser("dedup", help="find duplicates, other wordings, conflicts, look-alikes")
    same.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    same.add_argument("--threshold", type=float, default=dedup.DEFAULT_THRESHOLD)
    same.add_argument("--apply", action="store_true", help="remove exact duplicates")
    same.set_defaults(do=_dedup)


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
