"""What stands beside a pair's texts, changed without opening its form: its tags and its note."""

from typing import Literal

import streamlit as st

from dashboard import state
from dashboard.review import reviewing
from dashboard.review.focus import focus
from dashboard.text import literal, plain, t
from store.facets import facets
from store.types import Pair

_MOST_OFFERED = 8


def tag_button(pair: Pair) -> None:
    """Draw the button that asks for the tags of a pair."""
    if st.button(t("review.tag"), key="review_tag", shortcut="T", type="tertiary"):
        _ask(pair, "tags")


def note_button(pair: Pair) -> None:
    """Draw the button that asks for the note of a pair."""
    if st.button(t("review.note"), key="review_note", shortcut="N", type="tertiary"):
        _ask(pair, "note")


def _ask(pair: Pair, field: Literal["tags", "note"]) -> None:
    """Open the dialog; its title is in the reader's language, so it is made here."""

    @st.dialog(plain(f"review.{field}_title"))
    def ask() -> None:
        st.caption(literal(pair.question[:200]))
        key = f"review_beside_{field}"
        with st.form(f"review_{field}_form", border=False):
            if field == "tags":
                given = st.text_input(
                    t("review.tags_of_pair"), ", ".join(pair.tags), key=key, max_chars=400
                )
                if known := [tag for tag, _ in facets(state.store()).tags[:_MOST_OFFERED]]:
                    st.caption(t("review.known_tags", tags=", ".join(known)))
            else:
                given = st.text_area(t("shell.field_note"), pair.note, key=key, height=120)
            is_sent = st.form_submit_button(t("review.save"), key=f"{key}_go", type="primary")
        focus(key)
        if is_sent:
            reviewing.change_beside(pair, field, given or "")
            st.rerun()

    ask()
