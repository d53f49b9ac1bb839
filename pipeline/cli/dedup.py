"""The verb dedup: finds duplicates, other wordings, conflicts and look-alikes."""

import argparse

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.curate import dedup, quality
from pipeline.errors import BadInput
from store import clusters, pairs
from store.types import ClusterFilter


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
    choice = dedup.Choice(threshold=arguments.threshold)
    with opened(context) as db:
        ids = [summary.dataset.id for summary in quality.chosen(db, names(arguments.datasets))]
        report = dedup.run(db, ids, choice=choice, apply=dedup.EXACT if arguments.apply else ())
        where, found = {}, clusters.page(db, matching=ClusterFilter(tuple(ids)), size=100_000).rows
        members = {i for cluster in found for i in cluster.pair_ids}
        where = {pair.id: (pair.source_file, pair.source_row) for pair in pairs.by_ids(db, members)}
    counts = ", ".join(f"{count} {name}" for name, count in report.clusters.items() if count)
    context.say(f"{report.pairs} pairs, {report.removed} removed. Clusters: {counts or 'none'}.")
    if report.removable["same"] and not arguments.apply:
        context.say(f"{report.removable['same']} are exact duplicates: --apply removes them.")
    context.result(
        {
            "pairs": report.pairs,
            "removed": report.removed,
            "removable": report.removable["same"],
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
                for cluster in found
            ],
        }
    )
    return 0
