"""Which pairs are the same, which contradict each other, and which only look alike.

Only what is identical after normalisation may be removed without asking; all else becomes a
cluster for a person. The result is an object: what was kept, what was removed, and why.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.curate import similarity
from pipeline.curate.normalise import key, tokens
from store import clusters, pairs
from store.db import Database
from store.types import NewCluster, Pair, PairFilter, Relation

DEFAULT_THRESHOLD = 0.75
"""Similarity of two questions, word by word, from which a person should look at them."""
_LOOKALIKES_EACH = 2


@dataclass(frozen=True, slots=True)
class Removed:
    """A pair that another one makes superfluous."""

    pair_id: int
    duplicate_of: int
    score: float
    relation: Relation


@dataclass(frozen=True, slots=True)
class DedupResult:
    """What was kept, what can be removed, and what a person should look at."""

    kept: tuple[int, ...]
    removed: tuple[Removed, ...]
    clusters: tuple[NewCluster, ...]
    threshold: float


@dataclass(frozen=True, slots=True)
class DedupReport:
    """What a pass over datasets of the store did."""

    result: DedupResult
    pairs: int
    action_id: int | None
    """The action that removed the exact duplicates, None where nothing was removed."""


@dataclass(frozen=True, slots=True)
class _Keys:
    question: tuple[object, ...]
    answer: str


def find(rows: Iterable[Pair], threshold: float = DEFAULT_THRESHOLD) -> DedupResult:
    """Compare pairs with each other; the oldest (lowest id) of equal ones is kept.

    The order of the rows does not matter, and what is kept gives nothing to remove again.
    """
    by_id = sorted(rows, key=lambda pair: pair.id)
    keys = {pair.id: _keys(pair) for pair in by_id}
    removed, groups = _exact(by_id, keys)
    gone = {each.pair_id for each in removed}
    kept = [pair for pair in by_id if pair.id not in gone]
    found = [NewCluster("duplicate", 1.0, ids[0], tuple(ids)) for ids in groups]
    found += _conflicts(kept, keys)
    found += _near(kept, keys, threshold)
    return DedupResult(
        kept=tuple(pair.id for pair in kept),
        removed=tuple(removed),
        clusters=tuple(found),
        threshold=threshold,
    )


def run(
    db: Database, dataset_ids: list[int], *, threshold: float = DEFAULT_THRESHOLD, apply: bool
) -> DedupReport:
    """Compare the usable pairs of datasets, store the clusters, and with `apply` remove exact ones.

    Datasets are compared one by one: the same question may stand in two of them on purpose.
    """
    results = [find(_usable(db, dataset_id), threshold) for dataset_id in sorted(set(dataset_ids))]
    result = DedupResult(
        kept=tuple(pair_id for each in results for pair_id in each.kept),
        removed=tuple(removed for each in results for removed in each.removed),
        clusters=tuple(cluster for each in results for cluster in each.clusters),
        threshold=threshold,
    )
    clusters.replace_open(db, dataset_ids, result.clusters)
    action_id = None
    if apply and result.removed:
        links = [(each.pair_id, each.duplicate_of) for each in result.removed]
        action_id = pairs.remove_duplicates(db, links, summary="exact duplicates")
    return DedupReport(result, len(result.kept) + len(result.removed), action_id)


def _usable(db: Database, dataset_id: int) -> list[Pair]:
    usable = PairFilter(dataset_id=dataset_id, statuses=("unreviewed", "accepted"))
    return list(pairs.each(db, matching=usable))


def _keys(pair: Pair) -> _Keys:
    history = tuple((key(turn.question), key(turn.answer)) for turn in pair.history)
    question = (key(pair.question), key(pair.context), key(pair.system or ""), history)
    return _Keys(question, key(pair.answer))


def _exact(rows: list[Pair], keys: dict[int, _Keys]) -> tuple[list[Removed], list[list[int]]]:
    same: dict[_Keys, list[int]] = defaultdict(list)
    for pair in rows:
        same[keys[pair.id]].append(pair.id)
    groups = [ids for ids in same.values() if len(ids) > 1]
    removed = [Removed(pair_id, ids[0], 1.0, "duplicate") for ids in groups for pair_id in ids[1:]]
    return sorted(removed, key=lambda each: each.pair_id), groups


def _conflicts(kept: list[Pair], keys: dict[int, _Keys]) -> list[NewCluster]:
    asked: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for pair in kept:
        asked[keys[pair.id].question].append(pair.id)
    return [
        NewCluster("conflict", 1.0, ids[0], tuple(ids)) for ids in asked.values() if len(ids) > 1
    ]


def _near(kept: list[Pair], keys: dict[int, _Keys], threshold: float) -> list[NewCluster]:
    """Find other wordings, contradictions and look-alikes among questions that overlap much."""
    texts = [tokens(_asked(pair)) for pair in kept]
    wordings: list[tuple[int, int, float]] = []
    unlike: list[tuple[int, int, float]] = []
    found: list[NewCluster] = []
    for i, j, score in sorted(similarity.close_pairs(texts, threshold)):
        one, other = kept[i], kept[j]
        first, second = keys[one.id].question, keys[other.id].question
        if first == second or first[2:] != second[2:]:
            continue  # A conflict that is known already, or another conversation.
        relation = similarity.relation_of(
            (_asked(one), _asked(other)),
            (one.answer, other.answer),
            is_same_answer=keys[one.id].answer == keys[other.id].answer,
        )
        if relation == "paraphrase":
            wordings.append((one.id, other.id, score))
        elif relation == "lookalike":
            unlike.append((one.id, other.id, score))
        else:
            found.append(NewCluster(relation, score, one.id, (one.id, other.id)))
    alike = [NewCluster("lookalike", score, a, (a, b)) for a, b, score in _nearest(unlike)]
    return found + alike + _joined(wordings)


def _nearest(links: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Keep the links that are among the closest of one of their pairs.

    Questions from one mould ("What is 7 times 8?") are all look-alikes of each other; showing each
    with its nearest says as much as showing every two of them.
    """
    taken: dict[int, int] = defaultdict(int)
    nearest = []
    for one, other, score in sorted(links, key=lambda link: (-link[2], link[0], link[1])):
        if taken[one] < _LOOKALIKES_EACH or taken[other] < _LOOKALIKES_EACH:
            nearest.append((one, other, score))
            taken[one] += 1
            taken[other] += 1
    return sorted(nearest)


def _asked(pair: Pair) -> str:
    return f"{pair.context}\n{pair.question}" if pair.context else pair.question


def _joined(links: list[tuple[int, int, float]]) -> list[NewCluster]:
    """Join links into clusters; a cluster's score is that of its weakest link."""
    root: dict[int, int] = {}

    def find_root(pair_id: int) -> int:
        while root.setdefault(pair_id, pair_id) != pair_id:
            root[pair_id] = pair_id = root[root[pair_id]]
        return pair_id

    for one, other, _ in links:
        low, high = sorted((find_root(one), find_root(other)))
        root[high] = low
    members: dict[int, set[int]] = defaultdict(set)
    weakest: dict[int, float] = {}
    for one, other, score in links:
        top = find_root(one)
        members[top] |= {one, other}
        weakest[top] = min(score, weakest.get(top, 1.0))
    return [
        NewCluster("paraphrase", weakest[top], min(ids), tuple(sorted(ids)))
        for top, ids in sorted(members.items())
    ]
