"""What links and clusters cost at a million pairs: storing, clustering, each step of the page.

`python -m benchmarks.clusters [PAIRS]` makes pairs and links by a seed (no text is compared), then
times Graft's own functions on them. Prints wall seconds, one row a step.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow

from pipeline.curate import dedup
from pipeline.curate.links import REASONS, RELATIONS, Links
from store import clusters, datasets, history, links, pairs, verdicts
from store.db import Database
from store.relation_types import ClusterFilter, Scan
from store.types import NewPair

Value = TypeVar("Value")
SEED = 1
DATASET = 1
KINDS = (("duplicate", "same"), ("duplicate", "edited"), ("paraphrase", "reworded"),
         ("conflict", "answer"), ("lookalike", "number"))  # fmt: skip


def main() -> None:
    """Make the workspace and time each step."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "graft.duckdb")
        fill(db, count)
        scan, found = made_links(db, count)
        timed(f"store {found.num_rows:,} links", lambda: links.replace(db, scan, found))
        choice = dedup.Choice()
        timed("cluster them", lambda: dedup.cluster(db, [DATASET], choice))
        print("  open clusters:", clusters.counts(db))
        steps(db)
        db.close()


def steps(db: Database) -> None:
    """Time what the page does."""
    duplicates = ClusterFilter((DATASET,), "duplicate", ("same",))
    timed("cluster at another threshold", lambda: dedup.cluster(db, [DATASET], dedup.Choice(0.9)))
    longest = dedup.Choice(keep="longest")
    timed("cluster by longest answer", lambda: dedup.cluster(db, [DATASET], longest))
    timed("counts", lambda: clusters.counts(db), 5)
    timed("first page", lambda: clusters.page(db, relation="duplicate", size=1), 5)
    timed("deep page", lambda: clusters.page(db, relation="duplicate", number=9000, size=1), 5)
    timed("removable", lambda: verdicts.removable(db, ClusterFilter(relation="duplicate")), 5)
    timed("histogram", lambda: links.histogram(db, [DATASET], floor=0.6, bins=40), 5)
    timed("closest", lambda: links.closest(db, [DATASET], threshold=0.75, count=10), 5)
    timed("counts from", lambda: links.counts_from(db, [DATASET], threshold=0.75), 5)
    timed("is current", lambda: links.is_current(db, DATASET), 5)
    (one,) = clusters.page(db, relation="conflict", size=1).rows
    timed("decide one", lambda: verdicts.decide(db, one.id, "keep_one"))
    timed("links among its pairs", lambda: links.among(db, one.pair_ids), 5)
    action = timed(
        "keep one of each exact",
        lambda: verdicts.decide_all(db, duplicates, "keep_one", summary="made"),
    )
    timed("cluster what is left", lambda: dedup.cluster(db, [DATASET], dedup.Choice()))
    if action is not None:
        timed("undo it", lambda: history.undo(db, action))


def timed(what: str, work: Callable[[], Value], times: int = 1) -> Value:
    """Print the median of some calls and return what the last gave."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        value = work()
        took.append(time.perf_counter() - began)
    print(f"{what:32} {float(np.median(took)):8.3f} s", flush=True)
    return value


def fill(db: Database, count: int) -> None:
    """Make pairs of about 340 characters; most of the text is the same, none is compared."""
    datasets.create(db, "made", "general")
    words = "the dose of the medicine is given twice a day "
    rows = (
        NewPair(f"Question {n}: {words * 2}?", f"Answer {n * 7919 % count}: {words * 4}.")
        for n in range(count)
    )
    pairs.insert_many(db, DATASET, rows, summary="made")


def made_links(db: Database, count: int) -> tuple[Scan, pyarrow.Table]:
    """Return as many links as pairs: groups of three of each kind, and look-alikes across them."""
    chance = np.random.default_rng(SEED)
    start = np.arange(0, count - 3, 3)
    kind = chance.choice(len(KINDS), len(start), p=(0.3, 0.2, 0.25, 0.1, 0.15))
    across = count - 2 * len(start)
    one = np.concatenate([start, start + 1, chance.integers(0, count - 40, across)])
    other = np.concatenate([start + 1, start + 2, one[2 * len(start) :] + 40])
    kind = np.concatenate([kind, kind, np.full(across, len(KINDS) - 1)])
    score = np.where(kind == 0, 1.0, 0.6 + 0.39 * chance.random(len(kind)))
    found = Links(
        one,
        other,
        np.array([RELATIONS.index(relation) for relation, _ in KINDS], np.int8)[kind],
        score.astype(np.float32),
        chance.random(len(kind)).astype(np.float32),
        np.array([REASONS.index(reason) for _, reason in KINDS], np.int8)[kind],
    )
    rows = links.texts(db, DATASET)
    return dedup.scan_of(DATASET, 0.6, rows), dedup.columns_of(found, rows)


if __name__ == "__main__":
    main()
