"""What the pages read of runs: all of them for a list, one with its whole curves.

Only what has changed is read: of an ended run the folder's times and sizes are looked at, of a
live one the events from where they were read before, whoever looks.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import plain, t
from pipeline.errors import DoesNotHold
from pipeline.train import checkpoints, jobs
from pipeline.train.events import Progress
from pipeline.train.state import Run
from pipeline.train.state import read as read_run
from pipeline.workspace import numbered

RUN = "run"
_SEEN = "runs_seen"

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address chose, and whether it named a run that is not there."""

    run_id: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a run's folder, and how the folder looked then."""

    signature: Signature
    run: Run | DoesNotHold


def listed() -> tuple[Run, ...]:
    """Return every run that can be read, newest first, with the newest of its steps only."""
    return tuple(run for run in _all() if isinstance(run, Run))


def active() -> tuple[Run, ...]:
    """Return the runs to which something may still happen by itself, newest first."""
    return tuple(run for run in listed() if run.is_active and run.state != "queued")


def damaged() -> tuple[DoesNotHold, ...]:
    """Return why the runs that cannot be read cannot."""
    return tuple(fact for fact in _all() if isinstance(fact, DoesNotHold))


def read(run_id: int) -> Run:
    """Return a run as it is now, with its whole curves; only what is new is read."""
    folder = state.workspace().run(run_id)
    known = _progress()
    run = read_run(folder, _continued(folder, known.get(folder)))
    known[folder] = run.progress
    return run


def phase(run: Run) -> str:
    """Return the key of the words that say what is going on."""
    if run.is_pausing:
        return "pausing"
    if run.state == "running":
        return run.progress.phase or "loading"
    if run.state == "failed" and not run.progress.step:
        return "failed_early"
    if run.is_discarded:
        return {"stopping": "discarding", "cancelled": "discarded"}.get(run.state, run.state)
    return run.state


def seconds(run: Run) -> float | None:
    """Return how long the latest start of a run has worked; None before its first word."""
    if run.started_at is None or run.progress.last_time is None:
        return None
    return max(0.0, run.progress.last_time - run.started_at)


def called(run: Run) -> str:
    """Return what a run is called where its adapter is used: with the checkpoint it stands for."""
    step = checkpoints.chosen_step(run.folder)
    return run.title if step is None else plain("runs.title_at", title=run.title, step=step)


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
    """Show the run whose row was clicked, by itself."""
    for name in ("runs", "study"):
        st.query_params.pop(name, None)
    st.query_params[RUN] = str(run_ids[st.session_state["runs_open"].row])


@reaction
def stop(run_id: int) -> None:
    """Ask a run to save and end."""
    jobs.stop(state.workspace(), run_id)
    done(t("runs.stop_asked", run=run_id))


@reaction
def discard(run_id: int) -> None:
    """End a run without saving."""
    jobs.discard(state.workspace(), run_id)
    done(t("runs.discarded", run=run_id))


@reaction
def resume(run_id: int, checkpoint: str = "") -> None:
    """Go on with a run from its last checkpoint, or from an earlier one (`step-N`)."""
    jobs.resume(state.workspace(), run_id, checkpoint=checkpoint)
    st.query_params[RUN] = str(run_id)
    done(t("runs.resumed", run=run_id))


@reaction
def pause(run_id: int, *, wanted: bool) -> None:
    """Ask a run to save and end after the pass at hand, or take that back."""
    jobs.pause(state.workspace(), run_id, wanted=wanted)
    done(t("runs.pause_asked" if wanted else "runs.pause_taken_back", run=run_id))


def _all() -> list[Run | DoesNotHold]:
    """Every run, newest first; a folder without a config is still being made, or was deleted."""
    home, known = state.workspace().runs, _lines()
    found = []
    for number in reversed(numbered(home)):
        folder = home / str(number)
        signature = _signature(folder)
        if not any(name == "config.json" for name, _, _ in signature):
            continue
        before = known.get(folder)
        if before is None or before.signature != signature or _may_move(before.run):
            before = known[folder] = _Known(signature, _line(folder, before))
        found.append(before.run)
    return found


def _line(folder: Path, before: _Known | None) -> Run | DoesNotHold:
    since = before.run.progress if before and isinstance(before.run, Run) else None
    try:
        return read_run(folder, _continued(folder, since), recent=jobs.RECENT_STEPS)
    except DoesNotHold as fact:
        return fact


def _may_move(run: Run | DoesNotHold) -> bool:
    """Whether a run's state can change while its folder does not: its process may end."""
    return isinstance(run, Run) and (run.is_active or run.pid is not None)


def _signature(folder: Path) -> Signature:
    """The names, times and sizes in a folder: another run in its place has others."""
    found = []
    for path in folder.iterdir():
        try:
            about = path.stat()
        except FileNotFoundError:
            continue  # Renamed this moment.
        found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(sorted(found))


def _continued(folder: Path, before: Progress | None) -> Progress | None:
    """What was read before, unless another run took the folder's place."""
    path = folder / "events.jsonl"
    if before and (not path.exists() or path.stat().st_size < before.offset):
        return None
    return before


@st.cache_resource(show_spinner=False)
def _progress() -> dict[Path, Progress]:
    return {}


@st.cache_resource(show_spinner=False)
def _lines() -> dict[Path, _Known]:
    return {}
