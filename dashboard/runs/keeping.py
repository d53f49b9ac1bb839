"""What a person names, picks and deletes of runs: the Runs page's reactions but for training.

A dialog asks before anything is deleted and names it; what it says stands here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state, watching
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.train import checkpoints, notes, removal
from pipeline.train.checkpoints import Checkpoint
from pipeline.train.notes import Notes
from pipeline.train.removal import Extent
from pipeline.train.state import Run
from store import runs as index

TITLE, TEXT = "runs_notes_title_{run}", "runs_notes_text_{run}"
"""Keys of the fields, a pair a run."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint, and whether the run stands for it wherever its adapter is used."""

    checkpoint: Checkpoint
    is_chosen: bool


def kept(run: Run) -> tuple[Kept, ...]:
    """Return the checkpoints of a run, rising by step."""
    chosen = checkpoints.chosen_step(run.folder)
    return tuple(Kept(each, each.step == chosen) for each in checkpoints.listed(run.folder))


def extent(run_id: int) -> Extent:
    """Return what deleting a run would delete."""
    return removal.extent(state.workspace().run(run_id))


def children(run_id: int, listed: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs that went on from a run's adapter, the oldest first."""
    return tuple(run for run in reversed(listed) if run.config.parent_run == run_id)


@reaction
def use(run_id: int, step: int | None) -> None:
    """Let the run stand for a checkpoint, or (None) for what it ended with."""
    checkpoints.choose(state.workspace().run(run_id), step)
    words = "runs.used_end" if step is None else "runs.used"
    done(t(words, run=run_id, step=step or 0))


@reaction
def delete_checkpoints(run_id: int, steps: Sequence[int]) -> None:
    """Delete checkpoints that were named and confirmed."""
    checkpoints.delete(state.workspace().run(run_id), steps)
    done(t("runs.checkpoints_deleted", count=len(steps)))


@reaction
def delete_run(run_id: int) -> None:
    """Delete a run that was named and confirmed."""
    removal.delete(state.workspace().run(run_id))
    index.forget(state.store(), run_id)
    st.query_params.pop(watching.RUN, None)
    done(t("runs.deleted", run=run_id))


@reaction
def note(run_id: int) -> None:
    """Keep the title and the notes that stand in the fields."""
    title, text = (st.session_state[key.format(run=run_id)] for key in (TITLE, TEXT))
    notes.write(state.workspace().run(run_id), Notes(title, text))
    done(t("runs.noted"))
