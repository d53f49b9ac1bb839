"""From links to clusters: which rows stand for which, joined by falling similarity.

Works on columns of numbers alone and knows no database. Three rules hold. What is equal is always
joined. What is only edited or reworded is joined from the most to the least similar, and a
look-alike or a contradiction between two clusters keeps them apart for ever: without that, chains
of small changes join "5 mg" to "50 mg". And the order in which links come does not matter.
"""

from collections import defaultdict
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pipeline.curate.links import REASONS, RELATIONS, Links

Rows = NDArray[np.int64]
DUPLICATE, PARAPHRASE, CONFLICT, LOOKALIKE = range(len(RELATIONS))
SAME = REASONS.index("same")


@dataclass(frozen=True, slots=True)
class Groups:
    """Clusters as columns: the first four hold a value a cluster, the others a value a member."""

    relation: NDArray[np.int8]
    score: NDArray[np.float32]
    """How close its least close member is to another one."""
    reason: NDArray[np.int8]
    """Of the link of that least close member."""
    keeper: Rows
    cluster: Rows
    """Place of the member's cluster in the columns above."""
    member: Rows
    linked_to: Rows
    """The closest other row; one that is out of use where only that connects the member."""
    link_score: NDArray[np.float32]
    link_answer_score: NDArray[np.float32]
    link_reason: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of each row beside its links."""

    is_usable: NDArray[np.bool_]
    rank: NDArray[np.float64]
    """The highest of a cluster is kept, among equals the first row."""


def grouped(links: Links, standing: Standing, *, barred: Links) -> Groups:
    """Return the clusters of usable rows that links give; what `barred` links is never joined.

    Equal rows make clusters of their own. All other clusters hold, of rows that are equal or only
    edited, the one that is kept. Rows out of use connect others but are no members.
    """
    count = len(standing.rank)
    links = links.chosen(~_is_among(links, barred, count))
    is_same = (links.relation == DUPLICATE) & (links.reason == SAME)
    same = links.chosen(is_same)
    edited = links.chosen((links.relation == DUPLICATE) & ~is_same)
    reworded, conflict, unlike = (
        links.chosen(links.relation == kind) for kind in (PARAPHRASE, CONFLICT, LOOKALIKE)
    )
    apart = links.chosen((links.relation == CONFLICT) | (links.relation == LOOKALIKE)) + barred
    equal = components(same.one, same.other, count)
    alike = joined(edited, apart, equal)
    facts = joined(reworded, apart, alike)
    asked = joined(conflict, unlike + barred, alike)
    unlike = unlike.chosen(facts[unlike.one] != facts[unlike.other])
    families = components(alike[unlike.one], alike[unlike.other], count)[alike]
    alone = np.arange(count, dtype=np.int64)
    of_equal, of_alike = _kept(equal, standing), _kept(alike, standing)
    return _together(
        [
            _level(DUPLICATE, same, (alone, equal), standing),
            _level(DUPLICATE, edited, (of_equal, alike), standing),
            _level(PARAPHRASE, reworded, (of_alike, facts), standing),
            _level(CONFLICT, conflict, (of_alike, asked), standing),
            _level(LOOKALIKE, unlike, (of_alike, families), standing),
        ]
    )


def components(one: Rows, other: Rows, count: int) -> Rows:
    """Return for each of `count` rows the lowest row that links connect it with."""
    root = np.arange(count, dtype=np.int64)
    while len(one):
        a, b = root[one], root[other]
        is_open = a != b
        one, other, a, b = one[is_open], other[is_open], a[is_open], b[is_open]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while (root != (higher := root[root])).any():
            root = higher
    return root


def joined(links: Links, apart: Links, base: Rows) -> Rows:
    """Return the lowest row of each row's cluster after joining the clusters of `base`.

    Only where `apart` could part anything are links taken one by one, from the highest score.
    """
    one, other = base[links.one], base[links.other]
    loose = components(one, other, len(base))[base]
    bar_one, bar_other = base[apart.one], base[apart.other]
    is_bar = (bar_one != bar_other) & (loose[bar_one] == loose[bar_other])
    if not is_bar.any():
        return loose
    contested = np.zeros(len(base), np.bool_)
    contested[loose[bar_one[is_bar]]] = True
    is_link = contested[loose[one]] & (one != other)
    roots = _in_turn(
        np.concatenate([bar_one[is_bar], one[is_link]]),
        np.concatenate([bar_other[is_bar], other[is_link]]),
        np.concatenate([apart.score[is_bar], links.score[is_link]]),
        is_link=np.repeat([False, True], [is_bar.sum(), is_link.sum()]),
    )
    parted = np.arange(len(base), dtype=np.int64)
    parted[list(roots)] = list(roots.values())
    return np.where(contested[loose], parted[base], loose)


def _in_turn(
    one: Rows, other: Rows, score: NDArray[np.float32], *, is_link: NDArray[np.bool_]
) -> dict[int, int]:
    """Join or bar clusters by falling score, bars first among equals; row → lowest row."""
    root: dict[int, int] = {}
    bars: dict[int, set[int]] = defaultdict(set)

    def find(row: int) -> int:
        while (above := root.setdefault(row, row)) != row:
            root[row] = row = root[above]
        return row

    low, high = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((high, low, is_link, -score))
    columns = (low[order].tolist(), high[order].tolist(), is_link[order].tolist())
    for first, second, is_joining in zip(*columns, strict=True):
        a, b = find(first), find(second)
        if a == b:
            continue
        if not is_joining:
            bars[a].add(b)
            bars[b].add(a)
        elif b not in bars[a]:
            kept, gone = (a, b) if len(bars[a]) >= len(bars[b]) else (b, a)
            root[gone] = kept
            for barred in bars.pop(gone):
                bars[barred].remove(gone)
                bars[barred].add(kept)
                bars[kept].add(barred)
    lowest: dict[int, int] = {}
    for row in sorted(root):
        lowest.setdefault(find(row), row)
    return {row: lowest[find(row)] for row in root}


def _level(kind: int, links: Links, below: tuple[Rows, Rows], standing: Standing) -> Groups:
    """Return the clusters of one kind: what stands for each row, grouped by a root above it."""
    stands_for, above = below
    rows = np.arange(len(above), dtype=np.int64)
    members = rows[(stands_for == rows) & standing.is_usable]
    is_cluster = np.bincount(above[members], minlength=len(above)) > 1
    members = members[is_cluster[above[members]]]
    cluster = (np.cumsum(is_cluster) - 1)[above[members]]
    count = int(is_cluster.sum())
    inside = links.chosen(above[links.one] == above[links.other])
    closest = _closest(inside, stands_for, members)
    order = np.lexsort((closest.reason, closest.score, cluster))
    starts = np.searchsorted(cluster[order], np.arange(count))
    weakest = order[starts]
    keeper = members[np.lexsort((members, -standing.rank[members], cluster))[starts]]
    return Groups(
        relation=np.full(count, kind, np.int8),
        score=closest.score[weakest],
        reason=closest.reason[weakest],
        keeper=keeper,
        cluster=cluster,
        member=members,
        linked_to=closest.other,
        link_score=closest.score,
        link_answer_score=closest.answer_score,
        link_reason=closest.reason,
    )


def _kept(roots: Rows, standing: Standing) -> Rows:
    """Return for each row the one that stands for its group: usable, of the highest rank."""
    found = np.arange(len(roots), dtype=np.int64)
    is_joined = np.bincount(roots, minlength=len(roots))[roots] > 1
    rows = found[is_joined]
    order = rows[np.lexsort((-standing.rank[rows], ~standing.is_usable[rows], roots[rows]))]
    top = roots[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = top[1:] != top[:-1]
    found[top[is_first]] = order[is_first]
    return found[roots]


def _closest(links: Links, stands_for: Rows, members: Rows) -> Links:
    """Return for each member its best link to what stands for another group."""
    one, other = stands_for[links.one], stands_for[links.other]
    here, there = np.concatenate([one, other]), np.concatenate([other, one])
    twice = np.concatenate([np.arange(len(links))] * 2)
    order = np.lexsort((there, links.reason[twice], -links.score[twice], here))
    order = order[here[order] != there[order]]
    place = order[np.searchsorted(here[order], members)] if len(members) else order[:0]
    chosen = links.chosen(twice[place])
    return Links(
        members, there[place], chosen.relation, chosen.score, chosen.answer_score, chosen.reason
    )


def _is_among(links: Links, others: Links, count: int) -> NDArray[np.bool_]:
    """Say of each link whether one of the others links the same two rows."""
    return np.isin(links.one * count + links.other, others.one * count + others.other)


def _together(levels: list[Groups]) -> Groups:
    offset = 0
    shifted = []
    for level in levels:
        shifted.append(level.cluster + offset)
        offset += len(level.relation)
    columns = {
        field.name: np.concatenate([getattr(level, field.name) for level in levels])
        for field in fields(Groups)
    }
    return Groups(**{**columns, "cluster": np.concatenate(shifted)})
