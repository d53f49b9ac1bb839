"""A pair as a form; where somebody changed it meanwhile, both versions stand above it."""

import streamlit as st

from dashboard.parts.pair_diff import two_pairs
from dashboard.review import reviewing
from dashboard.review.focus import focus
from dashboard.review.reviewing import Editing
from dashboard.text import t

HEIGHTS = {"question": 110, "answer": 220, "context": 80, "facts": 90, "note": 80}


def pair_form(editing: Editing) -> None:
    """Draw the fields that a person may change, and what to do with them."""
    if editing.newer is not None:
        with st.container(border=True, key="review_newer"):
            st.warning(t("review.stale"), icon=":material/sync_problem:")
            mine = reviewing.as_written(editing.newer)
            two_pairs(editing.newer, mine, (t("review.stands_now"), t("review.mine")))
    focus(reviewing.field_key("question"))
    with st.form("review_form", border=False):
        for name in reviewing.FIELDS:
            st.text_area(
                t(f"shell.field_{name}"),
                key=reviewing.field_key(name),
                height=HEIGHTS[name],
                help=t("review.facts_help") if name == "facts" else None,
            )
        with st.container(horizontal=True):
            words = "review.save_over" if editing.newer else "review.save"
            st.form_submit_button(
                t(words), key="review_save", type="primary", on_click=reviewing.save
            )
            st.form_submit_button(
                t("review.suggest_facts"),
                key="review_suggest_facts",
                help=t("review.suggest_facts_help"),
                on_click=reviewing.suggest_facts,
            )
            if editing.newer:
                st.form_submit_button(
                    t("review.take_newer"), key="review_newer_take", on_click=reviewing.keep_newer
                )
            st.form_submit_button(t("shell.cancel"), key="review_cancel", on_click=reviewing.close)
