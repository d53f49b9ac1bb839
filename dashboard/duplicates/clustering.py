"""What the Duplicates page reacts with: showing a cluster, deciding one or all, undo.

Holds the page's session state under names that start with `duplicates_`; it draws nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard import state, undoing
from dashboard.duplicates import compare_job
from dashboard.duplicates.linking import KEEPER, PLACE, choice, go_to, ids, tidy
from dashboard.guard import reaction
from pipeline.curate import dedup
from store import clusters, history, links, pairs, verdicts
from store.errors import ClusterDecided
from store.relation_types import Cluster, ClusterFilter, Link, Reason, Relation, Verdict
from store.types import Pair, PairEdit

UNDO, RELATION = "duplicates_undo", "relation"
THRESHOLD, KEEP = "duplicates_threshold", "duplicates_keep"


@dataclass(frozen=True, slots=True)
class Members:
    """A cluster with those of its pairs that are still in play."""

    cluster: Cluster
    pairs: tuple[Pair, ...]
    keeper: Pair
    """What the person marked, else what the comparison proposed."""
    links: Mapping[int, Link]
    """Of each other pair to the keeper, where they were compared directly."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What Undo takes back: an action, or a verdict that touched no pair."""

    action_id: int | None
    cluster_id: int | None
    """None where many were decided at once."""


def counts() -> dict[Relation, int]:
    """Return how many clusters of each relation are open in those datasets."""
    here = ids()
    wanted = ClusterFilter(here)
    return state.store().remembered(
        ("duplicates", here), lambda: clusters.counts(state.store(), matching=wanted)
    )


def copies() -> dict[Reason, int]:
    """Count the pairs that are only equal to, or edited from, another one that stays."""
    here = ids()
    return state.store().remembered(("copies", here), lambda: dedup.removable(state.store(), here))


@reaction
def start_over() -> None:
    """Go to the first cluster, as after a change of what is looked at."""
    go_to(1)


@reaction
def go(place: int) -> None:
    """Go to the cluster at a place."""
    go_to(place)


def cluster_at(relation: Relation) -> tuple[Cluster | None, int, int]:
    """Return the open cluster at the place, the place, and how many there are."""
    place = int(st.session_state.get(PLACE, 1))
    matching = ClusterFilter(ids(), relation)
    page = clusters.page(state.store(), matching=matching, number=place, size=1)
    if not page.rows and page.total:
        place = page.total
        page = clusters.page(state.store(), matching=matching, number=place, size=1)
    return (page.rows[0] if page.rows else None), place, page.total


def members(cluster: Cluster) -> Members:
    """Read the pairs of a cluster, and how each is linked to the one that stays."""
    found = pairs.by_ids(state.store(), cluster.pair_ids)
    usable = tuple(pair for pair in found if pair.status in {"unreviewed", "accepted"})
    marked = int(st.session_state.get(KEEPER, 0))
    by_id = {pair.id: pair for pair in usable}
    keeper = by_id.get(marked) or by_id.get(cluster.keeper_id) or usable[0]
    direct = {
        link.other_id if link.one_id == keeper.id else link.one_id: link
        for link in reversed(links.among(state.store(), by_id))
        if keeper.id in (link.one_id, link.other_id)
    }
    return Members(cluster, usable, keeper, direct)


@reaction
def mark(pair_id: int) -> None:
    """Mark the pair of the cluster that stays."""
    st.session_state[KEEPER] = pair_id


@reaction
def decide(cluster: Cluster, verdict: Verdict, keeper_id: int) -> None:
    """Store the verdict; the cluster after it takes its place.

    A key pressed twice before the page is drawn again decides once.
    """
    try:
        action_id = verdicts.decide(state.store(), cluster.id, verdict, keeper_id=keeper_id)
    except ClusterDecided as decided:
        _pass_over(decided, verdict)
        return
    _remember(action_id, cluster.id)
    if action_id is not None:
        tidy()


def merge(cluster: Cluster, keeper: Pair, change: PairEdit) -> None:
    """Give the pair that stays a text made of all and remove the others.

    StalePair or ClusterDecided if too late.
    """
    try:
        action_id = verdicts.merge(
            state.store(), cluster.id, change, keeper_id=keeper.id, expected_version=keeper.version
        )
    except ClusterDecided as decided:
        _pass_over(decided, "merge")
        return
    _remember(action_id, cluster.id)
    tidy()


def like(cluster: Cluster, least_score: float) -> ClusterFilter:
    """Return what is like a cluster: of its relation, for its reason, at least so close."""
    reasons = (cluster.reason,) if cluster.reason else ()
    return ClusterFilter(ids(), cluster.relation, reasons, least_score)


def how_many(matching: ClusterFilter) -> tuple[int, int]:
    """Count the open clusters that match, and the pairs that keeping one of each removes."""
    found = clusters.counts(state.store(), matching=matching)
    return sum(found.values()), sum(verdicts.removable(state.store(), matching).values())


def decide_all(matching: ClusterFilter, verdict: Verdict) -> None:
    """Give all clusters that match a verdict, as one action."""
    action_id = verdicts.decide_all(state.store(), matching, verdict, summary=verdict)
    _remember(action_id, None)
    tidy(even_many=True)


def remove_copies(reasons: tuple[Reason, ...]) -> None:
    """Remove what is equal, or also what is edited, as one action."""
    action_id = dedup.remove(state.store(), ids(), reasons, choice())
    _remember(action_id, None)


@reaction
def reject_leaks(pair_ids: tuple[int, ...]) -> None:
    """Reject the pairs that give test rows away, as one action."""
    _remember(pairs.set_status(state.store(), pair_ids, "rejected"), None)
    compare_job.desk().clear()


@reaction
def take_back() -> None:
    """Undo the last decision of this session."""
    taken = undoing.take_back(UNDO, _undo)
    if taken is not None and taken.action_id is not None:
        tidy(even_many=taken.cluster_id is None)


def _pass_over(decided: ClusterDecided, verdict: Verdict) -> None:
    """Leave a decision as it stands; it is told where this session did not make that very one."""
    st.session_state.pop(KEEPER, None)
    mine = {done.cluster_id for done in st.session_state.get(UNDO, ())}
    if decided.cluster_id not in mine or decided.verdict != verdict:
        raise decided


def _remember(action_id: int | None, cluster_id: int | None) -> None:
    if action_id is not None or cluster_id is not None:
        undoing.remember(UNDO, Decided(action_id, cluster_id))
    st.session_state.pop(KEEPER, None)


def _undo(done: Decided) -> None:
    if done.action_id is not None:
        history.undo(state.store(), done.action_id)
    elif done.cluster_id is not None:
        verdicts.reopen(state.store(), done.cluster_id)
