"""An import under way: one thread of the server's process, seen and cancelled from every tab.

It knows nothing of pages: what it was given, how far it is, and what came of it.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard import state
from dashboard.background import Beside, Desk
from pipeline.curate import dedup
from pipeline.curate.columns import Columns
from pipeline.curate.importing import (
    ImportResult,
    Progress,
    Reading,
    Target,
    import_files,
)
from pipeline.curate.sources import Source
from pipeline.errors import Cancelled, PipelineError
from store.db import Database
from store.types import Layout

COMPARED_AT_ONCE = 2_000
"""Datasets up to this many pairs are compared right after the import; larger ones when asked."""

Phase = Literal["reading", "storing", "comparing", "done", "cancelled", "failed"]


class ImportRunning(PipelineError):
    """Another import is under way in this workspace, perhaps begun in another tab."""

    def __init__(self) -> None:
        super().__init__("Another import is under way. Wait for it, or cancel it, then try again.")


@dataclass(frozen=True, slots=True)
class Task:
    """One file to import, how it is read, and where it goes."""

    source: Source
    target: Target
    columns: Columns | None = None
    layout: Layout | None = None
    is_again: bool = False
    """Whether it is imported although it was before."""
    is_taken: bool = False
    """Whether the job takes the file away with it, as it does with what was uploaded."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a job is, and what came of it so far."""

    phase: Phase
    names: tuple[str, ...]
    place: int = 0
    """Which of the files is being read, from 0."""
    rows: int = 0
    share: float = 0.0
    """Of all bytes, 0 to 1."""
    elapsed_s: float = 0.0
    is_cancelling: bool = False
    results: tuple[ImportResult, ...] = ()
    fact: Exception | None = None
    reference: str = ""
    """Names the log entry of an error that nobody foresaw."""

    @property
    def is_active(self) -> bool:
        """Whether something still happens by itself."""
        return self.phase in {"reading", "storing", "comparing"}

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, by the pace so far; None while that would be a guess."""
        if self.share < 0.02 or self.elapsed_s < 1:
            return None
        return self.elapsed_s * (1 - self.share) / self.share

    @property
    def action_ids(self) -> tuple[int, ...]:
        """The imports that stand, in the order in which they were made."""
        return tuple(each.action_id for each in self.results if each.action_id is not None)


class ImportJob:
    """Imports files one after another, each as an action of its own; cancel keeps whole files."""

    def __init__(
        self, database: Database, tasks: Sequence[Task], values: Mapping[str, str]
    ) -> None:
        self._database = database
        self._folder = Path(tempfile.mkdtemp(prefix="graft-import-"))
        self._tasks = tuple(self._taken(task, number) for number, task in enumerate(tasks))
        self._sizes = tuple(map(_size, self._tasks))
        self._values = dict(values)
        self._now = Snapshot("reading", tuple(task.source.name for task in tasks))
        self.beside = Beside(self._work)

    def now(self) -> Snapshot:
        """Return how far it is."""
        return self.beside.seen(self._now)

    def _work(self) -> None:
        try:
            self._bring_all()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _bring_all(self) -> None:
        for place, task in enumerate(self._tasks):
            self._now = replace(self._now, phase="reading", place=place, rows=0)
            result = self._bring(task)
            self._now = replace(self._now, results=(*self._now.results, result))
        self._compare()

    def _bring(self, task: Task) -> ImportResult:
        how = Reading(task.layout, task.columns, self._values, task.is_again)
        return import_files(self._database, [task.source], task.target, how, self._watch)

    def _compare(self) -> None:
        changed = {
            result.dataset.id
            for result in self._now.results
            if 0 < result.imported <= COMPARED_AT_ONCE
        }
        if changed:
            self._now = replace(self._now, phase="comparing", share=1.0)
            dedup.run(self._database, changed, choice=dedup.chosen(self._database))

    def _watch(self, now: Progress) -> None:
        if self.beside.is_cancelled:
            raise Cancelled
        before = sum(self._sizes[: self._now.place])
        share = min(1.0, (before + now.done_bytes) / max(1, sum(self._sizes)))
        phase: Phase = "storing" if now.phase == "storing" else "reading"
        self._now = replace(self._now, phase=phase, rows=now.rows, share=share)

    def _taken(self, task: Task, number: int) -> Task:
        """Move an uploaded file here, so that closing its tab does not take it away."""
        if not task.is_taken:
            return task
        (path,) = task.source.paths
        place = self._folder / str(number) / path.name
        place.parent.mkdir()
        shutil.move(path, place)
        return replace(task, source=replace(task.source, paths=(place,)))


def begin(tasks: Sequence[Task], values: Mapping[str, str]) -> ImportJob:
    """Start to import; ImportRunning while another import goes on."""
    database = state.store()
    return desk().begin(lambda: ImportJob(database, tasks, values))


def desk() -> Desk[ImportJob]:
    """Return where the import of the open workspace lies, for all sessions of the process."""
    return _desk(str(state.workspace().database))


@st.cache_resource(show_spinner=False)
def _desk(path: str) -> Desk[ImportJob]:
    return Desk(ImportRunning)


def _size(task: Task) -> int:
    try:
        return sum(path.stat().st_size for path in task.source.paths)
    except OSError:
        return 0
