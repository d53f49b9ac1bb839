"""What the findings of pairs are reacted to with: repairing, dismissing, taking back.

Holds session state under names that start with `check_`; it draws nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import streamlit as st

from dashboard import state, undoing
from dashboard.guard import reaction
from pipeline.curate import fixes, judge, quality
from pipeline.curate.checks.found import Found, Frame
from pipeline.curate.fixes import Repair
from store import datasets, flags, history, repairs
from store.charts import Charts, charts
from store.db import Database
from store.types import Dataset, Pair

UNDO, REPAIRED = "check_undoable", "check_repaired"
DATASET = "dataset"
SHOWN_REPAIRS = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """How many pairs a repair would change, and some of them."""

    code: str
    count: int
    some: tuple[Repair, ...]


def findings_of(pair: Pair) -> tuple[Found, ...]:
    """Return what the checks find in a pair as it stands, without what was dismissed."""
    database = state.store()
    dismissed = flags.dismissed(database, pair.id).get(pair.id, frozenset())
    return quality.of_pair(pair, frame_of(pair.dataset_id), dismissed)


def frame_of(dataset_id: int) -> Frame:
    """Return what is known of a dataset; remembered until something is written."""
    database = state.store()
    return database.remembered(f"frame {dataset_id}", lambda: judge.frame_of(database, dataset_id))


def marks_of(findings: Sequence[Found]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the spans that were found, by field."""
    marks: dict[str, list[tuple[int, int]]] = {}
    for each in findings:
        if each.end > each.start:
            marks.setdefault(each.field, []).append((each.start, each.end))
    return {field: tuple(sorted(spans)) for field, spans in marks.items()}


def pictured(dataset: Dataset | None) -> Charts:
    """Return the counts of one dataset, or of all."""
    return charts(state.store(), dataset.id if dataset else None)


def previewed(code: str, dataset: Dataset | None) -> Preview:
    """Return what the repair of a code would change, with some examples."""
    planned = list(_planned(code, dataset))
    return Preview(code, len(planned), tuple(islice(planned, SHOWN_REPAIRS)))


@reaction
def fix_all(code: str, dataset: Dataset | None) -> None:
    """Repair every pair with a code, as one action."""
    action, count = fixes.apply(state.store(), _planned(code, dataset), [code], state.workspace())
    if action is not None:
        st.session_state[UNDO] = [(action, code, count)]
    st.session_state[REPAIRED] = True


@reaction
def take_back() -> None:
    """Undo the last repair of this session."""
    if undoing.take_back(UNDO, _undo) is not None:
        judge.judge(state.store(), state.workspace())


@reaction
def fix_pair(pair: Pair, code: str) -> None:
    """Repair one pair as it was seen; Review's Undo takes it back."""
    database = state.store()
    edit = fixes.repaired(pair, [code], frame_of(pair.dataset_id), _dismissed(database, pair.id))
    if edit is None:
        return
    action, _ = repairs.apply(database, [(pair.id, pair.version, edit)], summary=code)
    judge.judge(database, state.workspace())
    if action is not None:
        undoing.remember("review_undo", (action, pair.id))


@reaction
def dismiss(pair: Pair, found: Sequence[Found]) -> None:
    """Note that findings of a pair are no problem."""
    database = state.store()
    for each in found:
        flags.dismiss(database, pair.id, each.code, each.fact)
    judge.judge(database, state.workspace())


@reaction
def restore(pair: Pair) -> None:
    """Show again what was dismissed of a pair."""
    flags.restore(state.store(), pair.id)
    judge.judge(state.store(), state.workspace())


def dismissed_of(pair: Pair) -> int:
    """Return how many findings of a pair were dismissed."""
    return len(_dismissed(state.store(), pair.id))


def _undo(done: tuple[int, str, int]) -> None:
    history.undo(state.store(), done[0])


def _dismissed(database: Database, pair_id: int) -> frozenset[tuple[str, str]]:
    return flags.dismissed(database, pair_id).get(pair_id, frozenset())


def _planned(code: str, dataset: Dataset | None) -> Iterator[Repair]:
    chosen = [dataset] if dataset else [s.dataset for s in datasets.summaries(state.store())]
    return fixes.planned(state.store(), chosen, [code])
