"""Which models are asked side by side: a base, its runs and their checkpoints, other servers."""

import streamlit as st

from dashboard.compare import comparing, lineup
from dashboard.text import t
from pipeline.chat.columns import MOST_COLUMNS


def ask_models() -> tuple[str, ...]:
    """Ask for two to four columns and return them."""
    bases = lineup.bases()
    if len(bases) > 1:
        st.selectbox(
            t("compare.base_choice"),
            list(bases),
            format_func=bases.__getitem__,
            key=lineup.BASES,
            width=260,
            help=t("compare.base_choice_help"),
            persist_state="session",
        )
    words = lineup.options(st.session_state[lineup.BASES])
    st.multiselect(
        t("compare.models"),
        list(words),
        format_func=words.__getitem__,
        key=lineup.CHOSEN,
        max_selections=MOST_COLUMNS,
        on_change=comparing.rearranged,
        placeholder=t("compare.models_none"),
        width=640,
        help=t("compare.models_help"),
        persist_state="session",
    )
    return lineup.chosen()
