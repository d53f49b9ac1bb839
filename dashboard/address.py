"""Choices that stay in the page's address under names that are the same in every language.

Streamlit's own binding writes the shown label, which for us depends on the reader's language.
"""

from collections.abc import Sequence

import streamlit as st

LONGEST_ID = 18
"""Digits that the database holds whatever they are."""


def restore(
    key: str, *, allowed: Sequence[str], default: Sequence[str], is_single: bool = False
) -> None:
    """Set a widget's first value from the address; what is not allowed there is passed over."""
    if key in st.session_state:
        return
    given = [value for value in st.query_params.get_all(key) if value in allowed]
    chosen = given or list(default)
    st.session_state[key] = chosen[0] if is_single else chosen


def numbered(name: str) -> int | None:
    """Return the id that the address gives under a name; None where it gives none that could be."""
    given = st.query_params.get(name, "")
    return int(given) if given.isdecimal() and len(given) <= LONGEST_ID else None


def keep(key: str, *, default: Sequence[str]) -> None:
    """Write a widget's value to the address; the default is left out."""
    value = st.session_state.get(key) or []
    chosen = [value] if isinstance(value, str) else list(value)
    if chosen == list(default):
        st.query_params.pop(key, None)
    elif st.query_params.get_all(key) != chosen:
        st.query_params[key] = chosen
