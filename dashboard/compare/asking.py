"""Comparisons in progress: a thread of the process reads the answers, any page may look on.

Streamlit ends a page's script when the browser reloads; the answers go on and are kept all the
same. What connects to a server and what keeps the answers is told by the caller.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, TypeVar

import streamlit as st

from dashboard.background import logged
from pipeline.chat.protocol import Final, Piece, Question, Text
from pipeline.errors import PipelineError

E = TypeVar("E")
"""Where the models are asked: an endpoint, or several."""
Phase = Literal["loading", "answering", "done", "stopped", "failed"]
MOST_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class View:
    """What there is to see of a comparison at one moment."""

    version: int
    """Rises with every change."""
    phase: Phase
    texts: dict[str, str]
    finals: dict[str, Final]
    seconds: float
    """Since it was asked."""
    comparison_id: int | None = None
    """Where it is kept, once it is done."""
    error: PipelineError | None = None
    reference: str = ""
    """Where the log tells of an error that has no words."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.phase in ("done", "stopped", "failed")


class Asking:
    """One question to several models, from the first word to the kept comparison."""

    def __init__(
        self,
        question: Question,
        prompt: str = "",
        *,
        is_blind: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`prompt` is what the person wrote, without the task sentence put before it."""
        self.question, self.prompt, self.is_blind = question, prompt, is_blind
        self._clock = clock
        self._since = clock()
        self._changed = threading.Condition()
        self._version = 0
        self._phase: Phase = "loading"
        self._texts = dict.fromkeys(question.models, "")
        self._finals: dict[str, Final] = {}
        self._seconds = 0.0
        self._comparison_id: int | None = None
        self._error: PipelineError | None = None
        self._reference = ""

    def start(
        self,
        connect: Callable[[], E],
        keep: Callable[[View], int],
        ask: Callable[[E, Question], Iterator[Piece]],
    ) -> None:
        """Connect, ask and keep in a thread of its own; returns at once."""
        work = threading.Thread(
            target=self._work, args=(connect, keep, ask), name="asking", daemon=True
        )
        work.start()

    def stop(self) -> None:
        """End it where it stands; what was said stays to be seen and is not kept."""
        with self._changed:
            if not self._view().is_over:
                self._end("stopped")

    def view(self) -> View:
        """Return how it stands now."""
        with self._changed:
            return self._view()

    def wait(self, after: int, timeout_s: float) -> View:
        """Return how it stands as soon as its version is above `after`, or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > after, timeout_s)
            return self._view()

    def _work(
        self,
        connect: Callable[[], E],
        keep: Callable[[View], int],
        ask: Callable[[E, Question], Iterator[Piece]],
    ) -> None:
        try:
            endpoint = connect()
            with closing(ask(endpoint, self.question)) as pieces:  # type: ignore[type-var]  # Generators, all of them.
                for piece in pieces:
                    if not self._take(piece):
                        return
            self._done(keep)
        except PipelineError as fact:
            self._fail(fact, "")
        except Exception:
            self._fail(None, logged())

    def _take(self, piece: Piece) -> bool:
        """Take a piece in; False where nobody wants more."""
        with self._changed:
            if self._phase == "stopped":
                return False
            self._phase = "answering"
            if isinstance(piece, Text):
                self._texts[piece.model] += piece.text
            else:
                self._finals[piece.model] = piece
            self._tell()
            return True

    def _done(self, keep: Callable[[View], int]) -> None:
        view = self.view()
        if view.is_over:
            return
        comparison_id = keep(view)
        with self._changed:
            self._comparison_id = comparison_id
            self._end("done")

    def _fail(self, error: PipelineError | None, reference: str) -> None:
        with self._changed:
            if self._phase != "stopped":
                self._error, self._reference = error, reference
                self._end("failed")

    def _end(self, phase: Phase) -> None:
        self._seconds = self._clock() - self._since
        self._phase = phase
        self._tell()

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _view(self) -> View:
        over = self._phase in ("done", "stopped", "failed")
        return View(
            version=self._version,
            phase=self._phase,
            texts=dict(self._texts),
            finals=dict(self._finals),
            seconds=self._seconds if over else self._clock() - self._since,
            comparison_id=self._comparison_id,
            error=self._error,
            reference=self._reference,
        )


def remember(asking: Asking) -> str:
    """Keep a comparison in the process and return the name that finds it again."""
    known = _remembered()
    name = secrets.token_hex(8)
    known[name] = asking
    for old in list(known)[:-MOST_REMEMBERED]:
        del known[old]
    return name


def find(name: str) -> Asking | None:
    """Return the comparison of that name; None where this process does not know it."""
    return _remembered().get(name)


@st.cache_resource(show_spinner=False)
def _remembered() -> dict[str, Asking]:
    return {}
