"""Two versions of a text side by side, the words that only one of them has marked."""

import streamlit as st

from dashboard.parts.prose import prose
from dashboard.text import t
from store.types import Pair

FIELDS = ("question", "context", "answer", "facts", "note")


def two_texts(label: str, before: str, after: str) -> None:
    """Draw a field as it was at the left and as it is at the right."""
    st.caption(label)
    left, right = st.columns(2, gap="medium")
    with left:
        prose(before, against=after)
    with right:
        prose(after, against=before)


def two_pairs(one: Pair, other: Pair, titles: tuple[str, str]) -> None:
    """Draw the fields in which two versions of a pair differ, each version under its title."""
    for column, title in zip(st.columns(2, gap="medium"), titles, strict=True):
        column.markdown(f"**{title}**")
    for name in FIELDS:
        texts = [_text(getattr(pair, name)) for pair in (one, other)]
        if texts[0] != texts[1]:
            two_texts(t(f"shell.field_{name}"), texts[0], texts[1])


def _text(value: object) -> str:
    return "\n".join(value) if isinstance(value, tuple) else str(value)
