"""One pair of a cluster as a card: its words against another's, and whether it stays."""

import streamlit as st

from dashboard.parts.chips import chip, status_chip
from dashboard.parts.prose import prose
from dashboard.text import t
from store.types import Pair


def pair_card(pair: Pair, *, against: Pair | None, is_kept: bool) -> None:
    """Draw a pair; words that `against` does not share are marked."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if is_kept:
            chip(t("shell.keeper"), "keep", "blue")
        status_chip(pair.status)
        if pair.source_file:
            words = t("shell.source", file=pair.source_file, row=pair.source_row)
            st.caption(words, width="content")
    prose(pair.question, is_lead=True, against=against.question if against else None)
    if pair.context or (against and against.context):
        st.caption(t("shell.field_context"))
        prose(pair.context, against=against.context if against else None)
    prose(pair.answer, against=against.answer if against else None)
