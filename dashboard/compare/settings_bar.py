"""How a comparison is asked: system prompt, how answers are drawn, the task sentence, blind."""

import streamlit as st

from dashboard.compare import compare_question, lineup
from dashboard.text import named, t


def ask_settings(chosen: tuple[str, ...]) -> None:
    """Ask how the answers are drawn; every value stays while the session lasts."""
    with st.popover(t("compare.settings"), icon=":material/tune:", key="compare_settings"):
        _system_prompt()
        _drawing()
    _trigger(chosen)
    st.toggle(
        t("compare.blind"),
        key="compare_blind",
        help=t("compare.blind_help"),
        persist_state="session",
    )


def _system_prompt() -> None:
    policies = compare_question.POLICIES
    st.segmented_control(
        t("compare.system"),
        list(policies),
        format_func=named("compare.system", policies).__getitem__,
        required=True,
        key="compare_system",
        help=t("compare.system_help"),
        persist_state="session",
    )
    if st.session_state["compare_system"] == "text":
        st.text_area(t("compare.system_own"), key="compare_text", persist_state="session")


def _drawing() -> None:
    first, second, third = st.columns(3)
    first.number_input(
        t("compare.temperature"),
        0.0,
        2.0,
        step=0.1,
        format="%.1f",
        key="compare_temperature",
        help=t("compare.temperature_help"),
        persist_state="session",
    )
    second.number_input(
        t("compare.top_p"),
        0.05,
        1.0,
        step=0.05,
        key="compare_top_p",
        help=t("compare.top_p_help"),
        persist_state="session",
    )
    third.number_input(
        t("compare.seed"),
        0,
        2**31,
        step=1,
        key="compare_seed",
        help=t("compare.seed_help"),
        persist_state="session",
    )
    first.number_input(
        t("compare.max_tokens"),
        1,
        8192,
        step=64,
        key="compare_max_tokens",
        persist_state="session",
    )
    second.number_input(
        t("compare.penalty"),
        1.0,
        2.0,
        step=0.05,
        key="compare_penalty",
        help=t("compare.penalty_help"),
        persist_state="session",
    )


def _trigger(chosen: tuple[str, ...]) -> None:
    triggers = lineup.triggers(chosen)
    if not triggers:
        return
    st.toggle(
        t("compare.trigger"),
        key="compare_trigger",
        help=t("compare.trigger_help", trigger=triggers[0][1]),
        persist_state="session",
    )
    if len(triggers) > 1 and st.session_state["compare_trigger"]:
        st.selectbox(
            t("compare.trigger_which"),
            [dataset for dataset, _ in triggers],
            key="compare_dataset",
            label_visibility="collapsed",
            width=180,
            persist_state="session",
        )
