"""What the Duplicates page knows of links: what was compared, the threshold, the keeper rule.

Draws nothing. A small workspace is clustered at once, a large one in the background.
"""

from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

from dashboard import state
from dashboard.duplicates import compare_job
from dashboard.guard import reaction
from pipeline.curate import dedup
from pipeline.curate.calibration import Calibration, calibrated
from pipeline.curate.dedup import Choice, DedupReport
from pipeline.curate.encoders import encoder_of
from pipeline.curate.near import FLOOR, Progress
from pipeline.publish import leaks
from pipeline.publish.leaks import Leak
from store import datasets, judgements, links, pairs
from store.relation_types import KeeperRule, Link, Relation
from store.types import DatasetSummary, Pair

THRESHOLD, KEEP, DATASETS = "duplicates_threshold", "duplicates_keep", "datasets"
LEAK_EXPORT = "duplicates_leak_export"
PLACE, KEEPER = "duplicates_place", "duplicates_keeper"
BINS = 40
NEAREST = 8
FEW_PAIRS = 50_000
"""Datasets up to this many pairs are clustered again after each removal: it takes no time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How far the datasets that are looked at were compared."""

    pairs: int
    never: int
    """Pairs of datasets that nobody compared yet."""
    added: int
    """Pairs that came after the last comparison."""


def summaries() -> tuple[DatasetSummary, ...]:
    """Return the datasets that are looked at: the chosen ones, or all."""
    names = set(st.session_state.get(DATASETS) or ())
    found = datasets.summaries(state.store())
    return tuple(s for s in found if s.total and (not names or s.dataset.name in names))


def ids() -> tuple[int, ...]:
    """Return the ids of those datasets."""
    return tuple(summary.dataset.id for summary in summaries())


def compared() -> Compared:
    """Return how far those datasets were compared."""
    scans, here = links.scans(state.store()), summaries()
    seen = {s.dataset.id: scans[s.dataset.id] for s in here if s.dataset.id in scans}
    return Compared(
        pairs=sum(s.total for s in here),
        never=sum(s.total for s in here if s.dataset.id not in seen),
        added=sum(
            max(0, s.total - seen[s.dataset.id].pair_count) for s in here if s.dataset.id in seen
        ),
    )


def go_to(place: int) -> None:
    """Set the place and forget what was marked."""
    st.session_state[PLACE] = place
    st.session_state.pop(KEEPER, None)


def choice() -> Choice:
    """Return the threshold and the keeper rule of this workspace."""
    return dedup.chosen(state.store())


@reaction
def keep_by_rule() -> None:
    """Choose the keeper of every open cluster by the rule that the page asks for."""
    rule = cast("KeeperRule", st.session_state[KEEP])
    _choose(replace(choice(), keep=rule))


@reaction
def use_threshold(threshold: float) -> None:
    """Cluster the stored links at another threshold."""
    _choose(replace(choice(), threshold=threshold))


@reaction
def compare() -> None:
    """Compare the pairs of each dataset in the background."""
    begin(choice())


@reaction
def compare_meaning() -> None:
    """Compare by meaning too, in the background, with the small model that comes along."""
    here, wanted = ids(), choice()
    name, encoder = encoder_of("")

    def work(progress: Progress) -> DedupReport:
        dedup.scan_meaning(state.store(), here, encoder, name=name, progress=progress)
        return dedup.run(state.store(), here, choice=wanted)

    compare_job.begin(work, pairs=compared().pairs)


@reaction
def find_leaks() -> None:
    """Look in the background for pairs that give test rows of the asked export away."""
    here, threshold = ids(), choice().threshold
    export = state.workspace().export(st.session_state[LEAK_EXPORT])

    def work(progress: Progress) -> tuple[Leak, ...]:
        return leaks.find(state.store(), export, here, threshold=threshold, progress=progress)

    compare_job.begin(work, pairs=compared().pairs)


def begin(wanted: Choice) -> None:
    """Start comparing and clustering in the background."""
    here = ids()

    def work(progress: Progress) -> DedupReport:
        return dedup.run(state.store(), here, choice=wanted, progress=progress)

    compare_job.begin(work, pairs=compared().pairs)


@reaction
def clear_job() -> None:
    """Forget the comparison that has ended."""
    compare_job.desk().clear()
    go_to(1)


def histogram() -> dict[Relation, tuple[int, ...]]:
    """Count the stored links of those datasets by relation and score."""
    here = ids()
    return state.store().remembered(
        ("histogram", here),
        lambda: links.histogram(state.store(), here, floor=FLOOR, bins=BINS, method="wording"),
    )


def nearest(threshold: float) -> tuple[tuple[Link, Pair, Pair], ...]:
    """Return the pairs that are closest to a threshold and that nobody has judged yet."""
    here = ids()
    judged = judgements.by_pairs(state.store())
    found = state.store().remembered(
        ("nearest", here, threshold),
        lambda: links.closest(
            state.store(), here, threshold=threshold, count=NEAREST + len(judged), method="wording"
        ),
    )
    shown = [link for link in found if (link.one_id, link.other_id) not in judged][:NEAREST]
    wanted = {pair_id for link in shown for pair_id in (link.one_id, link.other_id)}
    by_id = {pair.id: pair for pair in pairs.by_ids(state.store(), wanted)}
    return tuple((link, by_id[link.one_id], by_id[link.other_id]) for link in shown)


@reaction
def judge(link: Link, is_same: bool) -> None:
    """Say whether two pairs near the threshold are the same."""
    judgements.add(state.store(), link, is_same=is_same)


def calibration(threshold: float) -> Calibration:
    """Return what the judgements say about a threshold."""
    return calibrated(judgements.scored(state.store()), threshold)


def _choose(wanted: Choice) -> None:
    dedup.choose(state.store(), wanted)
    go_to(1)
    if compared().pairs > FEW_PAIRS:
        begin(wanted)
    else:
        dedup.cluster(state.store(), _scanned(), wanted)


def tidy(*, even_many: bool = False) -> None:
    """Cluster again after a removal or an undo: what stood for others may be gone, or back."""
    scanned = _scanned()
    if scanned and (even_many or compared().pairs <= FEW_PAIRS):
        dedup.cluster(state.store(), scanned, choice())


def _scanned() -> list[int]:
    """Datasets without stored links keep the clusters that they have."""
    scans = links.scans(state.store())
    return [dataset_id for dataset_id in ids() if dataset_id in scans]
