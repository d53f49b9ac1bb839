"""What stands beside one question and answer: the pairs that it repeats, rewords or contradicts.

The few pairs whose question is most alike are found by letters, and judged by the same engine that
makes clusters, so that a relation here means what it means on the Duplicates page.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow
from rapidfuzz import fuzz, process

from pipeline.curate.links import REASONS, RELATIONS
from pipeline.curate.near import COLUMNS, find_links
from pipeline.curate.normalise import key
from store import datasets, links, pairs
from store.db import Database
from store.relation_types import Reason, Relation
from store.types import Pair

MOST_JUDGED = 24
LEAST_ALIKE = 45.0
"""Of 100: questions less alike than this by their letters are never close by the engine's words."""
FLOOR = 0.5
_FEW = 20_000
"""Above it questions are compared as they are written: folding a million takes many seconds."""
_EMPTY = {"context": "", "system": "", "history": "[]"}


@dataclass(frozen=True, slots=True)
class Beside:
    """A pair that is close to a question and answer."""

    pair: Pair
    relation: Relation
    reason: Reason
    score: float
    """Similarity of what was asked, 0 to 1."""


def beside(
    db: Database, question: str, answer: str, *, dataset_ids: Iterable[int] | None = None
) -> tuple[Beside, ...]:
    """Return the usable pairs that are close to a question and answer, the closest first."""
    asked = [each.dataset.id for each in datasets.summaries(db)]
    if dataset_ids is not None:
        asked = [each for each in asked if each in set(dataset_ids)]
    found = [
        each
        for each in pairs.by_ids(db, _alike(db, asked, question))
        if each.status in ("unreviewed", "accepted")
    ]
    if not found:
        return ()
    # The pairs come first, as the older ones; the question that is asked about is the last row.
    rows = pyarrow.table(
        {name: [*(_text(pair, name) for pair in found), new] for name, new in zip(
            COLUMNS, (question, answer, "", "", "[]"), strict=True
        )}
    )  # fmt: skip
    close = find_links(rows, floor=FLOOR)
    mine = np.flatnonzero(close.other == len(found))
    given = [
        Beside(
            found[int(close.one[place])],
            RELATIONS[int(close.relation[place])],
            REASONS[int(close.reason[place])],
            float(close.score[place]),
        )
        for place in mine
    ]
    return tuple(sorted(given, key=lambda each: (-each.score, each.pair.id)))


def _text(pair: Pair, name: str) -> str:
    """A column of a pair as the engine compares it: only question and answer are asked about."""
    return str(getattr(pair, name)) if name in ("question", "answer") else _EMPTY[name]


def _alike(db: Database, dataset_ids: list[int], question: str) -> list[int]:
    """Return the ids of the pairs whose question has most letters in common with this one."""
    best: list[tuple[float, int]] = []
    for dataset_id in dataset_ids:
        table = links.texts(db, dataset_id).select(["id", "question"])
        ids = table.column("id").to_numpy()
        is_small = len(ids) <= _FEW
        near = process.extract(
            key(question) if is_small else question,
            table.column("question").to_pylist(),
            scorer=fuzz.ratio,
            processor=key if is_small else None,
            limit=MOST_JUDGED,
            score_cutoff=LEAST_ALIKE,
        )
        best += [(score, int(ids[place])) for _, score, place in near]
    return [pair_id for _, pair_id in sorted(best, reverse=True)[:MOST_JUDGED]]
