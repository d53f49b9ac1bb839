"""How work beside a page ends: done, cancelled, or failed with a fact or a logged reference."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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


def logged() -> str:
    """Log the error that is being handled and return the reference under which it stands."""
    reference = secrets.token_hex(4)
    logger.exception("unexpected error %s", reference)
    return reference
