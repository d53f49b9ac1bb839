"""Fetching a dataset by name, beside the page: one thread a name, seen and cancelled from any tab.

It knows nothing of pages: what is fetched, for how long, and what came of it.
"""

import threading
import time
from dataclasses import dataclass, field

import streamlit as st

from dashboard import state
from dashboard.background import ended
from pipeline.curate import hub
from pipeline.curate.sources import Found
from pipeline.errors import Cancelled, PipelineError
from pipeline.workspace import Workspace
from store.errors import StoreError


@dataclass(slots=True)
class Fetch:
    """One dataset being fetched, or what came of it."""

    name: str
    """As it was given, with `hf:`."""
    found: Found | None = None
    fact: PipelineError | StoreError | None = None
    reference: str = ""
    """Names the log entry of an error that nobody foresaw."""
    is_cancelled: bool = False
    _began: float = field(default_factory=time.monotonic)
    _cancel: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_active(self) -> bool:
        """Whether it still goes on."""
        return not (self.found or self.fact or self.reference or self.is_cancelled)

    @property
    def elapsed_s(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def cancel(self) -> None:
        """Ask it to stop; nothing is kept of what came so far."""
        self._cancel.set()

    def run(self, workspace: Workspace) -> None:
        """Fetch, and keep what came of it."""
        end = ended(lambda: self._fetch(workspace))
        self.fact, self.reference = end.fact, end.reference
        self.is_cancelled = end.phase == "cancelled"
        self._ended.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; False if it has not within the time."""
        return self._ended.wait(timeout_s)

    def _fetch(self, workspace: Workspace) -> None:
        self.found = hub.fetch(workspace, self.name, self._look)

    def _look(self) -> None:
        if self._cancel.is_set():
            raise Cancelled


def fetch_of(name: str) -> Fetch | None:
    """Return what is known of a name: None where nobody has asked for it."""
    return _fetches(str(state.workspace().root)).get(name)


def begin(name: str) -> Fetch:
    """Start to fetch a name, unless that goes on already."""
    fetches = _fetches(str(state.workspace().root))
    known = fetches.get(name)
    if known is None or not known.is_active:
        known = fetches[name] = Fetch(name)
        workspace = state.workspace()
        threading.Thread(
            target=known.run, args=(workspace,), name="graft-fetch", daemon=True
        ).start()
    return known


@st.cache_resource(show_spinner=False)
def _fetches(root: str) -> dict[str, Fetch]:
    return {}
