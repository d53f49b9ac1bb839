"""Questions of a list, one after another or all in the background, for the Compare page.

A list is a test file of an export. The background answers a few questions at once, so that they
share the model's batches, and goes on whatever the browser does; votes are given when it suits.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.compare import compare_question, comparing, lineup
from dashboard.compare.asking import Asking
from dashboard.compare.compare_question import Prepared
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.chat import question_sets
from pipeline.chat.protocol import Message
from pipeline.chat.question_sets import Listed
from pipeline.errors import BadInput, PipelineError
from pipeline.publish import manifest

CHOSEN, COUNT, PLACE = "compare_list", "compare_list_count", "compare_list_place"
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Way:
    """How far the background is with a list."""

    question_set: str
    done: int
    total: int
    is_over: bool
    error: PipelineError | None = None
    """Why it ended before its time."""


class ListRunning(PipelineError):
    """A list is being answered already."""

    def __init__(self) -> None:
        super().__init__("A list of questions is being answered already. Wait for it, or stop it.")


class _Job:
    """Has prepared questions answered by a thread of the process."""

    def __init__(self, question_set: str, asked: Sequence[Prepared]) -> None:
        self._question_set, self._asked = question_set, asked
        self._done = 0
        self._is_over = False
        self._error: PipelineError | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._work, name="question-list", daemon=True).start()

    def way(self) -> Way:
        return Way(self._question_set, self._done, len(self._asked), self._is_over, self._error)

    def stop(self) -> None:
        self._stopped.set()

    def _work(self) -> None:
        try:
            for start in range(0, len(self._asked), AT_ONCE):
                some = self._asked[start : start + AT_ONCE]
                for prepared in some:
                    prepared.start()
                if not all([self._finish(prepared.asking) for prepared in some]):
                    return
        finally:
            self._is_over = True

    def _finish(self, asked: Asking) -> bool:
        """Wait for one; whether the next may be asked."""
        view = asked.view()
        while not view.is_over:
            if self._stopped.is_set():
                asked.stop()
            view = asked.wait(view.version, 0.5)
        self._done += view.phase == "done"
        if view.phase == "failed" and self._error is None:
            self._error = view.error or PipelineError(
                "The log has more under {reference}.", reference=view.reference
            )
        return view.phase == "done"


def lists() -> dict[str, tuple[Path, str]]:
    """Return the lists there are for the chosen columns: name → export and file."""
    found: dict[str, tuple[Path, str]] = {}
    for folder in lineup.exports(lineup.chosen()):
        try:
            files = manifest.read(folder).tests()
        except BadInput:
            continue  # Deleted or damaged since: the Export page tells of it.
        found |= {f"{folder.name}/{file.name}": (folder, file.name) for file in files if file.rows}
    return found


def questions(name: str) -> tuple[Listed, ...]:
    """Return the questions of a list; none where it is not there any more."""
    place = lists().get(name)
    return question_sets.of_file(*place) if place else ()


@reaction
def ask_next() -> None:
    """Ask the next question of the chosen list, the first after the last."""
    name = st.session_state[CHOSEN]
    listed = questions(name)
    if not listed:
        return
    places = st.session_state.setdefault(PLACE, {})
    place = places.get(name, 0) % len(listed)
    places[name] = place + 1
    comparing.show(_prepared(listed[place], name))


@reaction
def answer_all() -> None:
    """Have the first questions of the chosen list answered in the background."""
    name = st.session_state[CHOSEN]
    wanted = questions(name)[: int(st.session_state[COUNT])]
    jobs = _jobs()
    key = str(state.workspace().root)
    if key in jobs and not jobs[key].way().is_over:
        raise ListRunning
    jobs[key] = _Job(name, [_prepared(each, name) for each in wanted])
    done(t("compare.list_begun", count=len(wanted)))


@reaction
def stop_all() -> None:
    """End the background where it is; what was answered stays."""
    if job := _jobs().get(str(state.workspace().root)):
        job.stop()


@reaction
def dismiss() -> None:
    """Forget a background that has ended."""
    _jobs().pop(str(state.workspace().root), None)


def way() -> Way | None:
    """Return how far the background is; None where there is none."""
    job = _jobs().get(str(state.workspace().root))
    return job.way() if job else None


def _prepared(listed: Listed, name: str) -> Prepared:
    chosen = compare_question.in_order(lineup.chosen())
    messages = (Message("user", listed.prompt),)
    return compare_question.put(listed, messages, chosen, question_set=name)


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[str, _Job]:
    return {}
