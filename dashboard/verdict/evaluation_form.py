"""What an evaluation asks of a person: what to measure, and afterwards which rows to read."""

import streamlit as st

from dashboard import serving
from dashboard.text import named, plain, t
from dashboard.verdict import evaluating
from pipeline.evaluate.outcomes import Outcome


def ask_evaluation(choices: tuple[serving.Choice, ...]) -> None:
    """Ask what to evaluate; the button starts it."""
    evaluating.restore(choices)
    runs, places = serving.run_names(), serving.device_names()
    st.multiselect(
        t("verdict.choose_runs"),
        list(runs),
        format_func=runs.__getitem__,
        key="verdict_runs",
        on_change=evaluating.follow_run,
        help=t("verdict.choose_runs_help"),
    )
    left, right = st.columns(2)
    left.selectbox(t("verdict.choose_export"), evaluating.exports(), key="verdict_export")
    right.selectbox(
        t("verdict.choose_device"),
        list(places),
        format_func=places.__getitem__,
        key="verdict_device",
    )
    st.checkbox(
        t("verdict.with_checkpoints"),
        key="verdict_checkpoints",
        help=t("verdict.with_checkpoints_help"),
    )
    st.button(
        t("verdict.start"),
        key="verdict_start",
        type="primary",
        icon=":material/balance:",
        on_click=evaluating.start,
    )


def ask_filter(counts: dict[Outcome, int]) -> None:
    """Ask which rows are meant, with the number of rows in each outcome."""
    words = named("verdict.outcome", counts)
    counted = {name: f"{words[name]} {count}" for name, count in counts.items()}
    st.pills(
        t("verdict.filter_outcome"),
        list(counted),
        selection_mode="multi",
        format_func=counted.__getitem__,
        help=t("verdict.outcome_help"),
        key="verdict_outcomes",
        on_change=evaluating.first_page,
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.pills(
            t("verdict.filter_role"),
            evaluating.ROLES,
            selection_mode="multi",
            format_func=named("shell.role", evaluating.ROLES).__getitem__,
            key="verdict_roles",
            on_change=evaluating.first_page,
        )
        st.pills(
            t("verdict.filter_flag"),
            evaluating.FLAGS,
            selection_mode="multi",
            format_func=named("verdict.flag", evaluating.FLAGS).__getitem__,
            key="verdict_flags",
            on_change=evaluating.first_page,
        )
        st.text_input(
            t("verdict.filter_text"),
            type="search",
            placeholder=plain("verdict.filter_text"),
            label_visibility="collapsed",
            live="400ms",
            key="verdict_text",
            on_change=evaluating.first_page,
            width=320,
        )
