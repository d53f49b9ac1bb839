"""Work beside a page: where the one job of a kind lies, and how it ends: done, cancelled, or
failed with a fact or a logged reference.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pipeline.errors import Cancelled, PipelineError
from store.errors import StoreError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a piece of work ended."""

    phase: Literal["done", "cancelled", "failed"]
    fact: PipelineError | StoreError | None = None
    reference: str = ""
    """Names the log entry of an error that nobody foresaw."""


def ended(work: Callable[[], object]) -> Ended:
    """Do the work here and now, and say how it ended; nothing is raised."""
    try:
        work()
    except Cancelled:
        return Ended("cancelled")
    except (PipelineError, StoreError) as fact:
        return Ended("failed", fact=fact)
    except Exception:
        return Ended("failed", reference=logged())
    return Ended("done")


class Snapshot(Protocol):
    """How far a job is: a dataclass with phase, elapsed_s, is_cancelling, fact and reference."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


ASnapshot = TypeVar("ASnapshot", bound=Snapshot)


class Beside:
    """Work beside the pages, seen and cancelled from every tab: for how long, and how it ended."""

    def __init__(
        self,
        work: Callable[[], object],
        *,
        within: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        """`within` calls what it is given in a thread; by default in one that nobody waits for."""
        self._work, self._within = work, within or _in_a_thread
        self._cancel, self._over = threading.Event(), threading.Event()
        self._began = time.monotonic()
        self._took_s = 0.0
        self.end: Ended | None = None
        """How it ended; None while it goes on."""

    def start(self) -> None:
        """Begin; returns at once."""
        self._within(self.run)

    def run(self) -> None:
        """Do it here and now; what stops it is kept and not raised."""
        end = ended(self._work)
        self._took_s = time.monotonic() - self._began
        self.end = end
        self._over.set()

    def cancel(self) -> None:
        """Ask it to stop."""
        self._cancel.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancel.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; False if it has not within the time."""
        return self._over.wait(timeout_s)

    def seen(self, now: ASnapshot) -> ASnapshot:
        """Return a snapshot with what is known here: the time, and how it ended."""
        if self.end is None:
            elapsed = time.monotonic() - self._began
            return replace(now, elapsed_s=elapsed, is_cancelling=self.is_cancelled)
        end = self.end
        return replace(
            now, phase=end.phase, elapsed_s=self._took_s, fact=end.fact, reference=end.reference
        )


def _in_a_thread(work: Callable[[], object]) -> None:
    threading.Thread(target=work, name="graft-beside", daemon=True).start()


class Job(Protocol):
    """What goes on beside the pages."""

    @property
    def beside(self) -> Beside:
        """Where it goes on."""


AJob = TypeVar("AJob", bound=Job)


class Desk(Generic[AJob]):
    """Where the one job of a kind lies until somebody has seen what came of it."""

    def __init__(self, busy: type[PipelineError]) -> None:
        self._busy = busy
        self._job: AJob | None = None
        self._lock = threading.Lock()

    @property
    def job(self) -> AJob | None:
        """The job under way, or ended and not cleared yet."""
        return self._job

    def begin(self, make: Callable[[], AJob]) -> AJob:
        """Start a job; the error of a busy desk while another one goes on."""
        with self._lock:
            if self._job is not None and self._job.beside.end is None:
                raise self._busy
            self._job = job = make()
            job.beside.start()
            return job

    def clear(self) -> None:
        """Forget a job that has ended."""
        with self._lock:
            if self._job is not None and self._job.beside.end is not None:
                self._job = None


def logged() -> str:
    """Log the error that is being handled and return the reference under which it stands."""
    reference = secrets.token_hex(4)
    logger.exception("unexpected error %s", reference)
    return reference
