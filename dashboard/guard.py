"""Turns every error into words: what happened, what is safe, what to do. Never a traceback."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from dashboard.parts.notices import failure, problem
from dashboard.text import has, plain
from pipeline.errors import PipelineError
from store.errors import StoreError

logger = logging.getLogger(__name__)
Parameters = ParamSpec("Parameters")
_WAITING = "guard_waiting"


@contextmanager
def guarded() -> Iterator[None]:
    """Run a page or fragment; what it raises is drawn in its place."""
    for draw, what in st.session_state.pop(_WAITING, ()):
        draw(what)
    try:
        yield
    except (PipelineError, StoreError) as fact:
        problem(words(fact))
    except Exception:
        failure(_logged())


def reaction(react: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Wrap a widget's callback: what it raises is drawn at the top of the next run."""

    @wraps(react)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            react(*args, **kwargs)
        except (PipelineError, StoreError) as fact:
            _later(problem, words(fact))
        except Exception:
            _later(failure, _logged())

    return run


def words(fact: Exception) -> str:
    """Return a known error in the reader's language, where its class has words there."""
    key = f"error.{type(fact).__name__}"
    facts = {n: v for n in _names(fact) if (v := getattr(fact, n, None)) is not None}
    return plain(key, **facts) if has(key) else str(fact)


def _names(fact: Exception) -> list[str]:
    return [name for name in vars(fact) if not name.startswith("_")]


def _later(draw: Callable[[str], None], what: str) -> None:
    st.session_state.setdefault(_WAITING, []).append((draw, what))


def _logged() -> str:
    reference = secrets.token_hex(4)
    logger.exception("unexpected error %s", reference)
    return reference
