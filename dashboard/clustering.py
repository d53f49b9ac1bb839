"""What the Duplicates page reacts with: comparing pairs, deciding a cluster, taking it back.

Holds the page's session state under names that start with `duplicates_`; it draws nothing.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from pipeline.curate import dedup
from store import clusters, datasets, history, pairs, verdicts
from store.types import Cluster, Pair, Relation, Verdict

PLACE, UNDO, KEEPER = "duplicates_place", "duplicates_undo", "duplicates_keeper"
RELATION = "relation"
MOST_COPIES_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Members:
    """A cluster with those of its pairs that are still in play."""

    cluster: Cluster
    pairs: tuple[Pair, ...]
    keeper: Pair
    """What the person marked, else what the comparison proposed."""


@reaction
def start_over() -> None:
    """Go to the first cluster, as after a change of the relation."""
    go_to(1)


@reaction
def go(place: int) -> None:
    """Go to the cluster at a place."""
    go_to(place)


def go_to(place: int) -> None:
    """Set the place and forget what was marked."""
    st.session_state[PLACE] = place
    st.session_state.pop(KEEPER, None)


def members(cluster: Cluster) -> Members:
    """Read the pairs of a cluster."""
    found = pairs.by_ids(state.store(), cluster.pair_ids)
    usable = tuple(pair for pair in found if pair.status in {"unreviewed", "accepted"})
    marked = int(st.session_state.get(KEEPER, 0))
    by_id = {pair.id: pair for pair in usable}
    keeper = by_id.get(marked) or by_id.get(cluster.keeper_id) or usable[0]
    return Members(cluster, usable, keeper)


@reaction
def mark(pair_id: int) -> None:
    """Mark the pair of the cluster that stays."""
    st.session_state[KEEPER] = pair_id


@reaction
def decide(cluster_id: int, verdict: Verdict, keeper_id: int) -> None:
    """Store the verdict; the cluster after it takes its place."""
    action_id = verdicts.decide(state.store(), cluster_id, verdict, keeper_id=keeper_id)
    _remember(action_id, cluster_id)
    st.session_state.pop(KEEPER, None)


@reaction
def take_back() -> None:
    """Undo the last decision of this session."""
    action_id, cluster_id = st.session_state[UNDO][-1]
    if action_id is not None:
        history.undo(state.store(), action_id)
    else:
        verdicts.reopen(state.store(), cluster_id)
    st.session_state[UNDO].pop()


def compare(*, apply: bool) -> None:
    """Compare the pairs of each dataset; with `apply` exact copies are removed as one action."""
    ids = [summary.dataset.id for summary in datasets.summaries(state.store())]
    report = dedup.run(state.store(), ids, apply=dedup.EXACT if apply else ())
    if report.action_id is not None:
        _remember(report.action_id, None)


def copies() -> int:
    """Count the exact copies that removing in bulk would take out."""
    page = clusters.page(state.store(), relation="duplicate", size=MOST_COPIES_COUNTED)
    return sum(len(cluster.pair_ids) - 1 for cluster in page.rows)


def cluster_at(relation: Relation) -> tuple[Cluster | None, int, int]:
    """Return the open cluster at the place, the place, and how many there are."""
    place = int(st.session_state.get(PLACE, 1))
    page = clusters.page(state.store(), relation=relation, number=place, size=1)
    if not page.rows and page.total:
        place = page.total
        page = clusters.page(state.store(), relation=relation, number=place, size=1)
    return (page.rows[0] if page.rows else None), place, page.total


def _remember(action_id: int | None, cluster_id: int | None) -> None:
    st.session_state.setdefault(UNDO, []).append((action_id, cluster_id))
