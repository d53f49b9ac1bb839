"""The one thread that may touch the model, and the queue of questions before it.

Knows neither torch nor HTTP: it is given the function that answers, and each question brings the
function that its pieces are told to. Questions that wait together are answered together, as far
as their rows fit in one batch. A question whose asker is gone is dropped, or stops early.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.chat.protocol import MOST_MODELS, Piece, Question
from pipeline.errors import BadInput
from pipeline.said import Said

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer broke off; `kind` is `refused` where the question itself was at fault."""

    kind: str
    message: Said


@dataclass(frozen=True, slots=True)
class Done:
    """No more pieces come."""


Told = Piece | Failure | Done


@dataclass(eq=False, slots=True)
class Ticket:
    """A question in the queue, and who listens to its answer."""

    question: Question
    listen: Callable[[Told], None]
    """Is called from the owner's thread and must not block."""
    has_heard: bool = False
    """Whether a piece of the answer was told."""
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def tell(self, told: Told) -> None:
        """Pass on a piece, a failure or the end."""
        self.has_heard = True
        self.listen(told)

    def cancel(self) -> None:
        """Give up the answer; whatever is still told may be ignored."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled.is_set()


Answer = Callable[[Sequence[Ticket]], None]
"""Answers questions together, telling each ticket its pieces as they come. It skips and breaks off
those that are cancelled."""


class QueueFull(Exception):
    """As many questions wait as the owner takes, or it takes none any more."""


class Owner:
    """Has questions answered in a thread of its own, in their order, until closed."""

    def __init__(
        self,
        answer: Answer,
        explain: Callable[[Exception], Failure],
        *,
        most_waiting: int = 64,
        most_rows: int = MOST_MODELS,
    ) -> None:
        """At most `most_rows` answers grow at once; a single question may ask for more."""
        self._answer, self._explain = answer, explain
        self._most_waiting, self._most_rows = most_waiting, most_rows
        self._tickets: deque[Ticket] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="model-owner", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Questions not yet answered, the one being answered too."""
        with self._changed:
            return len(self._tickets)

    def submit(self, ticket: Ticket) -> None:
        """Put a question at the end of the queue; QueueFull if there is no room."""
        with self._changed:
            if self._is_closed or len(self._tickets) >= self._most_waiting:
                raise QueueFull
            self._tickets.append(ticket)
            self._changed.notify()

    def close(self, timeout_s: float = 10.0) -> None:
        """Take no more questions, cancel all, and wait for the thread."""
        with self._changed:
            self._is_closed = True
            for ticket in self._tickets:
                ticket.cancel()
            self._changed.notify()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._tickets) or self._is_closed)
                if not self._tickets:
                    return
                batch = self._next()
            self._serve(batch)
            with self._changed:
                for _ in batch:
                    self._tickets.popleft()

    def _next(self) -> list[Ticket]:
        """The questions at the head of the queue that fit in one batch, at least one."""
        batch: list[Ticket] = []
        rows = 0
        for ticket in self._tickets:
            rows += len(ticket.question.models)
            if batch and rows > self._most_rows:
                break
            batch.append(ticket)
        return batch

    def _serve(self, batch: Sequence[Ticket]) -> None:
        """Answer questions. Whatever goes wrong is told to who asked, and the owner goes on."""
        try:
            self._try(batch)
        finally:
            for ticket in batch:
                ticket.tell(Done())

    def _try(self, batch: Sequence[Ticket]) -> None:
        open_tickets = [ticket for ticket in batch if not ticket.is_cancelled()]
        if not open_tickets:
            return
        try:
            self._answer(open_tickets)
        except BadInput as error:
            self._fail(open_tickets, Failure("refused", error.said))
        except Exception as error:
            # The boundary of the worker: nothing above it could tell the asker, or go on serving.
            logger.exception("An answer failed")
            self._fail(open_tickets, self._explain(error))

    def _fail(self, batch: Sequence[Ticket], failure: Failure) -> None:
        """What one question may have spoilt for the others is tried again, each by itself."""
        for ticket in batch:
            if len(batch) > 1 and not ticket.has_heard:
                self._try([ticket])
            else:
                ticket.tell(failure)
