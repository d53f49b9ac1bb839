"""Rows that a run will learn, token by token, with what of them is learned: before the start."""

import streamlit as st

from dashboard.guard import words
from dashboard.launch import launch_facts, launching
from dashboard.launch.launching import Export
from dashboard.parts.notices import problem
from dashboard.parts.token_view import token_view
from dashboard.text import t
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel


def launch_rows(model: BaseModel, export: Export) -> None:
    """Draw the section; it reads nothing until it is opened."""
    opened = st.expander(
        t("launch.rows"), icon=":material/visibility:", key="launch_rows", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        found = launch_facts.batch(export)
        if not found:
            st.caption(t("launch.rows_none"))
            return
        chosen = st.selectbox(t("launch.row"), list(found), key="launch_row")
        try:
            request = launching.request(model, export)
            seen = launch_facts.seen_row(model, request, found[chosen])
        except PipelineError as fact:
            problem(words(fact))
            return
        if seen is None:
            st.caption(t("launch.rows_unreadable"))
        else:
            token_view(seen, key="launch_row_view")
