"""What evaluations found of a run and of its checkpoints: the newest figure of each measure."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import streamlit as st

from dashboard import state
from dashboard.format import number, percent
from dashboard.parts.scores import LOSSES, OVERLAPS
from pipeline.errors import DoesNotHold
from pipeline.evaluate import config, jobs
from pipeline.evaluate.config import Candidate
from pipeline.evaluate.report import Measure
from pipeline.train import checkpoints
from pipeline.train.state import Run
from pipeline.workspace import numbered

MEASURES: tuple[Measure, ...] = get_args(Measure)
Scores = dict[Measure, float | None]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one evaluation found of one adapter."""

    adapter: Path
    ended_at: float
    """Seconds since the epoch."""
    scores: Scores


def by_step(run: Run) -> dict[int, Scores]:
    """Return step → measure → value, of the checkpoints of a run and of what it ended with."""
    scores: dict[int, Scores] = {}
    for found in _all():  # The oldest first, so that the newest figure stands.
        step = _step(run, found)
        if step is not None:
            scores.setdefault(step, {}).update(found.scores)
    return scores


def newest(run: Run) -> Scores:
    """Return the newest figures of the adapter that a run stands for."""
    step = checkpoints.chosen_step(run.folder)
    return by_step(run).get(run.progress.step if step is None else step, {})


def words(measure: Measure, value: float | None) -> str:
    """Return a figure as a person reads it; a dash where nothing was measured."""
    if value is None:
        return "–"
    if measure in LOSSES:
        return number(value, 3)
    return number(value, 1) if measure in OVERLAPS else percent(value)


def _step(run: Run, found: _Found) -> int | None:
    """The step of a run that an adapter is of; None where it is another's, or not any more."""
    if found.adapter == run.folder / "adapter":
        # The run may have gone on since it was scored.
        is_same = (run.progress.last_time or 0.0) <= found.ended_at
        return run.progress.step if is_same else None
    return checkpoints.step_of(found.adapter, run.folder)


def _all() -> list[_Found]:
    home, known = state.workspace().evaluations, _known()
    found: list[_Found] = []
    for number_ in numbered(home):
        result = home / str(number_) / "result.json"
        try:
            ended_at = result.stat().st_mtime
        except FileNotFoundError:
            continue  # Not over yet, or stopped half-way and gone on with.
        before = known.get(result)
        if before is None or before[0] != ended_at:
            before = known[result] = (ended_at, _read(result.parent, ended_at))
        found += before[1]
    return found


def _read(folder: Path, ended_at: float) -> list[_Found]:
    try:
        candidates, values = config.read(folder).candidates, jobs.report(folder).values()
    except (DoesNotHold, OSError, ValueError):
        return []  # The Verdict page says what is wrong with it.
    return [_found(each, values, ended_at) for each in candidates if each.adapter]


def _found(
    candidate: Candidate, values: dict[str, dict[str, float | None]], ended_at: float
) -> _Found:
    told = values.get(candidate.model, {})
    scores: Scores = {measure: told[measure] for measure in MEASURES if measure in told}
    return _Found(Path(candidate.adapter or ""), ended_at, scores)


@st.cache_resource(show_spinner=False)
def _known() -> dict[Path, tuple[float, list[_Found]]]:
    return {}
