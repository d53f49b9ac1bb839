"""The one thread that may touch the model, and the queue of questions before it.

Knows neither torch nor HTTP: it is given the function that answers, and each question brings the
function that its pieces are told to. A question whose asker is gone is dropped, or stops early.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.chat.protocol import Piece, Question
from pipeline.errors import BadInput

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer broke off; `kind` is `refused` where the question itself was at fault."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """No more pieces come."""


Told = Piece | Failure | Done
Answer = Callable[[Question, Callable[[Piece], None], Callable[[], bool]], None]
"""(question, tell, should_stop): answers a question, telling pieces as they come."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A question in the queue. `tell` is called from the owner's thread and must not block."""

    question: Question
    tell: Callable[[Told], None]
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Give up the answer; whatever is still told may be ignored."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled.is_set()


class QueueFull(Exception):
    """As many questions wait as the owner takes, or it takes none any more."""


class Owner:
    """Runs one question after another in a thread of its own, until closed."""

    def __init__(
        self, answer: Answer, explain: Callable[[Exception], Failure], *, most_waiting: int = 16
    ) -> None:
        self._answer, self._explain, self._most_waiting = answer, explain, most_waiting
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
                ticket = self._tickets[0]
            self._serve(ticket)
            with self._changed:
                self._tickets.popleft()

    def _serve(self, ticket: Ticket) -> None:
        """Answer one question. Whatever goes wrong is told to its asker, and the owner goes on."""
        try:
            if not ticket.is_cancelled():
                self._answer(ticket.question, ticket.tell, ticket.is_cancelled)
        except BadInput as error:
            ticket.tell(Failure("refused", str(error)))
        except Exception as error:
            # The boundary of the worker: nothing above it could tell the asker, or go on serving.
            logger.exception("An answer failed")
            ticket.tell(self._explain(error))
        finally:
            ticket.tell(Done())
