"""What Undo takes back in a session: what was done there, the last on top, in a stack a page.

Does not know what was done: the page tells how one of its own is undone.
"""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from store.errors import NotFound, NothingToUndo

Done = TypeVar("Done")


def remember(key: str, done: object) -> None:
    """Put what was done on top of what Undo takes back."""
    st.session_state.setdefault(key, []).append(done)


def take_back(key: str, undo: Callable[[Done], None]) -> Done | None:
    """Undo what was done last and return it; None where nothing is, as at a quick second key.

    What cannot be undone any more is forgotten, and raises NothingToUndo or NotFound.
    """
    stack: list[Done] = st.session_state.get(key, [])
    if not stack:
        return None
    try:
        undo(stack[-1])
    except (NothingToUndo, NotFound):
        stack.pop()
        raise
    return stack.pop()
