"""What the external servers in Settings react with: adding, trying, removing.

Holds session state under names that start with `external_`. A typed key is taken out of the session
as soon as it is written down.
"""

from typing import Literal, get_args

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.chat import external, external_servers
from pipeline.chat.external import External, Tried
from pipeline.errors import PipelineError

Way = Literal["none", "variable", "typed"]
WAYS: tuple[Way, ...] = get_args(Way)
NAME, MODEL, URL, WAY, VARIABLE, KEY = (
    f"external_{name}" for name in ("name", "model", "url", "way", "variable", "key")
)
Mark = tuple[str, str, str, str]
_FIELDS = (NAME, MODEL, URL, WAY, VARIABLE, KEY)


def listed() -> tuple[External, ...]:
    """Return the servers of the workspace."""
    return external_servers.listed(state.workspace())


def result(server: External) -> Tried | str | None:
    """Return what came of trying a server as it is written down now; words where it failed."""
    return _results().get(_mark(server))


@reaction
def add() -> None:
    """Write the server of the form down, and try it at once."""
    given, way = st.session_state, st.session_state.get(WAY)
    server = External(
        name=str(given[NAME]).strip(),
        url=str(given[URL]),
        model=str(given[MODEL]).strip(),
        key_variable=str(given.get(VARIABLE, "")).strip() if way == "variable" else "",
        key=str(given.get(KEY, "")).strip() if way == "typed" else "",
    )
    external_servers.put(state.workspace(), server)
    for field in _FIELDS:
        st.session_state.pop(field, None)
    done(t("external.added", name=server.name))
    _try(server)


@reaction
def try_out(server: External) -> None:
    """Ask a server for a word."""
    _try(server)


@reaction
def remove(name: str) -> None:
    """Forget a server and its key."""
    external_servers.remove(state.workspace(), name)
    done(t("external.removed", name=name))


def _try(server: External) -> None:
    try:
        _results()[_mark(server)] = external.try_out(server)
    except PipelineError as fact:
        _results()[_mark(server)] = words(fact)


def _results() -> dict[Mark, Tried | str]:
    found: dict[Mark, Tried | str] = st.session_state.setdefault("external_tried", {})
    return found


def _mark(server: External) -> Mark:
    """What makes another try another one; the key itself stays out of the session."""
    return server.name, server.url, server.model, server.key_variable
