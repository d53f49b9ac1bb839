"""Several runs laid over one another: which ones, in what they differ, and how they ended.

The address holds them: `runs=8,7` those that were picked, `study=NAME` all of a study.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import scored, watching
from dashboard.curving import colour_of
from dashboard.format import number
from dashboard.guard import reaction
from dashboard.text import has, plain
from pipeline.evaluate.report import Measure
from pipeline.train.differences import Difference, Value, differences
from pipeline.train.state import Run

RUNS, STUDY = "runs", "study"
MOST = 12
"""So many curves can be told from one another."""
MEASURES: tuple[Measure, ...] = (
    "identity",
    "facts_unseen",
    "facts_trained",
    "leakage",
    "general_loss",
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is laid over one another."""

    runs: tuple[Run, ...]
    study: str = ""
    left_out: int = 0
    """Runs of it that are above the number that can be drawn."""


def shown(listed: Sequence[Run]) -> Overlay | None:
    """Return what the address asks for; None where that is less than two runs."""
    study = st.query_params.get(STUDY, "")
    if study:
        wanted = [run.id for run in reversed(listed) if run.config.study == study]
    else:
        asked = st.query_params.get(RUNS, "").split(",")
        known = {str(run.id) for run in listed}
        wanted = list(dict.fromkeys(int(each) for each in asked if each in known))
    if len(wanted) < (1 if study else 2):
        return None
    runs = tuple(watching.read(run_id) for run_id in wanted[:MOST])
    return Overlay(runs, study, max(0, len(wanted) - MOST))


def studies(listed: Sequence[Run]) -> tuple[str, ...]:
    """Return the names of the studies, the newest first."""
    return tuple(dict.fromkeys(run.config.study for run in listed if run.config.study))


def table(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Return a column a thing that differs, then how each run ended, a row a run."""
    columns = {
        "": [_swatch(colour_of(place)) for place in range(len(runs))],
        plain("runs.column_run"): [str(run.id) for run in runs],
    }
    found = differences([run.config for run in runs])
    columns |= {name_words(each.name): [value_text(each, v) for v in each.values] for each in found}
    columns |= {
        plain("runs.column_state"): [plain(f"runs.state_{run.state}") for run in runs],
        plain("runs.column_loss"): [_loss(run.progress.steps.last("loss")) for run in runs],
        plain("runs.column_best"): [_best(run) for run in runs],
    }
    scores = [scored.newest(run) for run in runs]
    for measure in MEASURES:
        values = [each.get(measure) for each in scores]
        if any(value is not None for value in values):
            words = plain(f"verdict.measure_{measure}")
            columns[words] = [scored.words(measure, value) for value in values]
    return columns


def name_words(name: str) -> str:
    """Return the words of something that differs."""
    key = f"launch.set_{name}"
    return plain(key if has(key) else f"runs.config_{name}")


def value_text(difference: Difference, value: Value) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, bool):
        return plain("runs.yes" if value else "runs.no")
    for key in (f"launch.{difference.name}_{value}", f"runs.{difference.name}_{value}"):
        if has(key):
            return plain(key)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "–"


def is_live(runs: Sequence[Run]) -> bool:
    """Whether any of them may still move."""
    return any(run.is_active for run in runs)


@reaction
def open_picked(run_ids: Sequence[int]) -> None:
    """Lay the runs whose rows are marked over one another."""
    rows = st.session_state["runs_table"].selection.rows
    st.query_params.pop(STUDY, None)
    st.query_params[RUNS] = ",".join(str(run_ids[row]) for row in rows[:MOST])


@reaction
def open_study(key: str) -> None:
    """Show the study that was chosen."""
    st.query_params.pop(RUNS, None)
    if chosen := st.session_state[key]:
        st.query_params[STUDY] = chosen


@reaction
def close() -> None:
    """Go back to a single run."""
    st.query_params.pop(RUNS, None)
    st.query_params.pop(STUDY, None)


def _best(run: Run) -> str:
    """The lowest validation loss and the step that it was measured at."""
    if not run.progress.validation:
        return "–"
    best = min(run.progress.validation, key=lambda point: point.value)
    return plain("runs.best_at", loss=number(best.value, 3), step=best.step)


def _loss(value: float | None) -> str:
    return "–" if value is None else number(value, 3)


def _swatch(colour: str) -> str:
    """A square in a run's colour, as an image for a cell."""
    fill = colour.replace("#", "%23")
    return (
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 12 12'>"
        f"<rect x='1' y='1' width='10' height='10' rx='3' fill='{fill}'/></svg>"
    )
