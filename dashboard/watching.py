"""What the Runs page watches and reacts with: each run from its folder, stopping, resuming.

The events of a run are read once a process and then only what is new, whoever looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.errors import DoesNotHold
from pipeline.train import config, jobs
from pipeline.train.curve import Point, points, smooth, thinned
from pipeline.train.events import Progress
from pipeline.train.state import Run
from pipeline.train.state import read as read_run
from pipeline.workspace import numbered

RUN = "run"
_SEEN = "runs_seen"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address chose, and whether it named a run that is not there."""

    run_id: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Curves:
    """What the loss chart of a run draws: (step, loss) of each curve, and the planned steps."""

    raw: Sequence[Point]
    smoothed: Sequence[Point]
    validation: Sequence[Point]
    steps: int


def curves(run: Run) -> Curves:
    """Return the curves of a run, thinned to what a browser draws without trouble."""
    losses = points(run.progress.losses)
    return Curves(
        raw=thinned(losses),
        smoothed=thinned(smooth(losses)),
        validation=points(run.progress.validation),
        steps=run.progress.plan.steps if run.progress.plan else 0,
    )


def held(run_id: int, now: Curves, *, follows: bool) -> Curves:
    """Return the curves to draw: those of now, or those that stood when following was ended."""
    key = f"runs_held_{run_id}"
    if follows or key not in st.session_state:
        st.session_state[key] = now
    kept: Curves = st.session_state[key]
    return kept


def listed() -> tuple[Run, ...]:
    """Return every run that can be read, newest first."""
    found = []
    for number in _numbers():
        try:
            found.append(read(number))
        except DoesNotHold:
            continue  # Told by `damaged`.
    return tuple(found)


def active() -> tuple[Run, ...]:
    """Return the runs to which something may still happen by itself, newest first."""
    return tuple(run for run in listed() if run.is_active and run.state != "queued")


def damaged() -> tuple[DoesNotHold, ...]:
    """Return why the runs that cannot be read cannot."""
    found = []
    for number in _numbers():
        try:
            config.read(state.workspace().run(number))
        except DoesNotHold as fact:
            found.append(fact)
    return tuple(found)


def read(run_id: int) -> Run:
    """Return a run as it is now; of its events only what is new is read."""
    folder = state.workspace().run(run_id)
    known = _known()
    before = known.get(str(folder))
    path = folder / "events.jsonl"
    if before and (not path.exists() or path.stat().st_size < before.offset):
        before = None  # Another run took the folder's place.
    run = read_run(folder, before)
    known[str(folder)] = run.progress
    return run


def phase(run: Run) -> str:
    """Return the key of the words that say what is going on."""
    if run.state == "running":
        return run.progress.phase or "loading"
    if run.state == "failed" and not run.progress.step:
        return "failed_early"
    return run.state


def seconds(run: Run) -> float | None:
    """Return how long the latest start of a run has worked; None before its first word."""
    if run.started_at is None or run.progress.last_time is None:
        return None
    return max(0.0, run.progress.last_time - run.started_at)


def chosen(runs: tuple[Run, ...]) -> Choice:
    """Return the run that the address names; the newest where it names none that is there."""
    asked = st.query_params.get(RUN, "")
    known = [run.id for run in runs]
    if asked.isdecimal() and int(asked) in known:
        return Choice(int(asked))
    return Choice(known[0], missing=asked)


def has_turned(now: Run) -> bool:
    """Whether the run's state is another than when the whole page was drawn last."""
    return bool(st.session_state.get(_SEEN) != (now.id, now.state))


def saw(now: Run) -> None:
    """Remember the state in which the whole page is drawn."""
    st.session_state[_SEEN] = (now.id, now.state)


@reaction
def open_row(run_ids: list[int]) -> None:
    """Show the run whose row was clicked."""
    st.query_params[RUN] = str(run_ids[st.session_state["runs_open"].row])


@reaction
def stop(run_id: int) -> None:
    """Ask a run to save and end."""
    jobs.stop(state.workspace(), run_id)
    done(t("runs.stop_asked", run=run_id))


@reaction
def resume(run_id: int) -> None:
    """Go on with a run from its last checkpoint."""
    jobs.resume(state.workspace(), run_id)
    st.query_params[RUN] = str(run_id)
    done(t("runs.resumed", run=run_id))


def _numbers() -> list[int]:
    """The numbers of the runs, newest first; a folder without a config is still being made."""
    home = state.workspace().runs
    return [n for n in reversed(numbered(home)) if (home / str(n) / "config.json").is_file()]


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Progress]:
    return {}
