"""Turns every error into words: what happened, what is safe, what to do. Never a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import streamlit as st

from dashboard.background import logged
from dashboard.format import when
from dashboard.parts.notices import failure, held, problem
from dashboard.said import cause, said
from dashboard.text import has, plain
from pipeline import disk
from pipeline.errors import PipelineError
from pipeline.said import Said
from store.errors import StoreError, WorkspaceHeld

Parameters = ParamSpec("Parameters")
_WAITING = "guard_waiting"


@contextmanager
def guarded() -> Iterator[None]:
    """Run a page or fragment; what it raises is drawn in its place."""
    for draw, what in st.session_state.pop(_WAITING, ()):
        draw(what)
    try:
        yield
    except WorkspaceHeld as fact:
        held(words(fact))
    except (PipelineError, StoreError) as fact:
        problem(words(fact))
    except Exception as error:
        if _is_full(error):
            problem(plain("error.NoSpaceLeft"))
        else:
            failure(logged())


def reaction(react: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Wrap a widget's callback: what it raises is drawn at the top of the run that follows."""

    @wraps(react)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            react(*args, **kwargs)
        except (PipelineError, StoreError) as fact:
            _later(problem, words(fact))
        except Exception as error:
            if _is_full(error):
                _later(problem, plain("error.NoSpaceLeft"))
            else:
                _later(failure, logged())

    return run


def words(fact: Exception) -> str:
    """Return a known error in the reader's language.

    Its class has words of its own where a page tells another way out than the command line does;
    else it is said as the pipeline says it.
    """
    key = f"error.{type(fact).__name__}"
    if isinstance(fact, WorkspaceHeld) and (fact.pid is None or fact.since is None):
        key += "_unknown"
    kind = getattr(fact, "kind", "")
    key = f"{key}_{kind}" if kind and has(f"{key}_{kind}") else key
    if has(key):
        return plain(key, **_facts(fact))
    return said(fact.args[0]) if fact.args else str(fact)


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and disk.is_full(error)


def _facts(fact: Exception) -> dict[str, object]:
    facts = {name: _shown(value) for name, value in vars(fact).items()}
    if isinstance(fact, WorkspaceHeld) and fact.since is not None:
        facts |= {"since": when(fact.since), "pid": str(fact.pid)}
    if isinstance(reason := facts.get("reason"), str):
        facts["reason"] = cause(reason)
    for name, key in (("kind", "shell.kind"), ("verdict", "duplicates.was")):
        if name in facts and has(known := f"{key}_{facts[name]}"):
            facts[name] = plain(known)
    return facts


def _shown(value: object) -> object:
    """A folder by its name, several things one after another."""
    if isinstance(value, Said):
        return said(value)
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, Path):
        return value.name
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _later(draw: Callable[[str], None], what: str) -> None:
    st.session_state.setdefault(_WAITING, []).append((draw, what))
