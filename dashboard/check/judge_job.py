"""Judging in the background: one thread of the server's process, begun when pairs have changed.

It knows nothing of pages: how far it is, and what stopped it.
"""

import threading
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from dashboard import state
from dashboard.background import Beside
from dashboard.imports import import_job
from pipeline.curate import judge
from pipeline.errors import Cancelled
from pipeline.workspace import Workspace
from store import flags
from store.db import Database

AT_ONCE = 500
"""Up to this many pairs are judged before the page is drawn: a person waits a tenth of a second."""
Phase = Literal["judging", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a pass is, and what stopped it."""

    phase: Phase
    done: int = 0
    total: int = 0
    elapsed_s: float = 0.0
    is_cancelling: bool = False
    model: str = ""
    """The model whose tokenizer gave the lengths."""
    fact: Exception | None = None
    reference: str = ""

    @property
    def is_active(self) -> bool:
        """Whether something still happens by itself."""
        return self.phase == "judging"

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, by the pace so far; None while that would be a guess."""
        if not self.done or self.elapsed_s < 1:
            return None
        return self.elapsed_s * (self.total - self.done) / self.done


class JudgeJob:
    """Judges what has to be judged; a cancelled pass keeps what it did."""

    def __init__(self, database: Database, workspace: Workspace) -> None:
        self._database, self._workspace = database, workspace
        self._now = Snapshot("judging")
        # Closing the store waits for it to stop.
        self.beside = Beside(self._judge, within=database.beside)

    def now(self) -> Snapshot:
        """Return how far it is."""
        return self.beside.seen(self._now)

    def _judge(self) -> None:
        done = judge.judge(
            self._database,
            self._workspace,
            progress=lambda done, total: self._note(done=done, total=total),
            is_cancelled=lambda: self.beside.is_cancelled or self._database.is_closing,
        )
        self._note(model=done.model)
        if done.left:
            raise Cancelled

    def _note(self, **facts: object) -> None:
        self._now = replace(self._now, **facts)  # type: ignore[arg-type]


class Desk:
    """Where the one pass of a workspace lies."""

    def __init__(self) -> None:
        self.job: JudgeJob | None = None
        self._lock = threading.Lock()

    def ensure(self, database: Database, workspace: Workspace) -> None:
        """Judge what changed: at once where it is little, else in the background.

        A pass that was cancelled or failed is not begun again until `again` is called.
        """
        with self._lock:
            now = self.job.now() if self.job else None
            if now is not None and now.phase in {"judging", "cancelled", "failed"}:
                return
            waiting = flags.waiting(database)
            if not waiting:
                return
            self.job = JudgeJob(database, workspace)
            if waiting <= AT_ONCE:
                self.job.beside.run()
            else:
                self.job.beside.start()

    def again(self) -> None:
        """Let a pass that was stopped begin again."""
        with self._lock:
            if self.job is not None and not self.job.now().is_active:
                self.job = None


def ensure() -> Desk:
    """See that what changed is judged; while an import writes, it waits."""
    found = _desk(str(state.workspace().database))
    importing = import_job.desk().job
    if importing is None or not importing.now().is_active:
        found.ensure(state.store(), state.workspace())
    return found


@st.cache_resource(show_spinner=False)
def _desk(path: str) -> Desk:
    return Desk()
