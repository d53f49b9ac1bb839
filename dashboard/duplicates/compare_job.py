"""A comparison of pairs under way: one thread of the server's process, seen from every tab.

It knows nothing of pages: what it compares, how far it is, and what came of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from dashboard import state
from dashboard.background import Beside, Desk
from pipeline.curate.dedup import DedupReport
from pipeline.curate.near import Progress
from pipeline.errors import Cancelled, PipelineError
from pipeline.publish.leaks import Leak
from store.db import Database

Outcome = DedupReport | tuple[Leak, ...]
"""What was found: clusters, or pairs that give test rows away."""
Work = Callable[[Progress], Outcome]
Phase = Literal["comparing", "clustering", "done", "cancelled", "failed"]


class ComparisonRunning(PipelineError):
    """Another comparison is under way in this workspace, perhaps begun in another tab."""

    def __init__(self) -> None:
        super().__init__("The pairs are being compared already. Wait for it, or cancel it.")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a comparison is, and what came of it."""

    phase: Phase
    pairs: int
    share: float = 0.0
    """0 to 1, of all pairs."""
    elapsed_s: float = 0.0
    is_cancelling: bool = False
    report: Outcome | None = None
    fact: Exception | None = None
    reference: str = ""
    """Names the log entry of an error that nobody foresaw."""

    @property
    def is_active(self) -> bool:
        """Whether something still happens by itself."""
        return self.phase in {"comparing", "clustering"}

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, by the pace so far; None while that would be a guess."""
        if self.share < 0.05 or self.elapsed_s < 2:
            return None
        return self.elapsed_s * (1 - self.share) / self.share


class CompareJob:
    """Does a comparison of some pairs; cancel leaves the clusters that were there."""

    def __init__(self, database: Database, work: Work, *, pairs: int) -> None:
        self._database = database
        self._work = work
        self._now = Snapshot("comparing", pairs)
        self.beside = Beside(self._compare)

    def now(self) -> Snapshot:
        """Return how far it is."""
        return self.beside.seen(self._now)

    def _compare(self) -> None:
        report = self._work(self._progress)
        self._now = replace(self._now, report=report)

    def _progress(self, share: float) -> None:
        if self.beside.is_cancelled or self._database.is_closing:
            raise Cancelled
        phase: Phase = "clustering" if share >= 1 else "comparing"
        self._now = replace(self._now, share=share, phase=phase)


def begin(work: Work, *, pairs: int) -> CompareJob:
    """Start to compare; ComparisonRunning while another comparison goes on."""
    database = state.store()
    return desk().begin(lambda: CompareJob(database, work, pairs=pairs))


def desk() -> Desk[CompareJob]:
    """Return where the comparison of the open workspace lies, for all sessions of the process."""
    return _desk(str(state.workspace().database))


@st.cache_resource(show_spinner=False)
def _desk(path: str) -> Desk[CompareJob]:
    return Desk(ComparisonRunning)
