"""Work beside a page: where the one job of a kind lies, and how it ends: done, cancelled, or
failed with a fact or a logged reference.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

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


class Standing(Protocol):
    """How far a job is."""

    @property
    def is_active(self) -> bool:
        """Whether something still happens by itself."""


class Job(Protocol):
    """Work that goes on by itself, seen and cancelled from every tab."""

    def start(self) -> None:
        """Begin; returns at once."""

    def now(self) -> Standing:
        """Return how far it is."""


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
            if self._job is not None and self._job.now().is_active:
                raise self._busy
            self._job = job = make()
            job.start()
            return job

    def clear(self) -> None:
        """Forget a job that has ended."""
        with self._lock:
            if self._job is not None and not self._job.now().is_active:
                self._job = None


def logged() -> str:
    """Log the error that is being handled and return the reference under which it stands."""
    reference = secrets.token_hex(4)
    logger.exception("unexpected error %s", reference)
    return reference
