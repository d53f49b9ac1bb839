"""How a comparison is asked: system prompt, temperature, length, seed, and the task sentence."""

import streamlit as st

from dashboard import comparing
from dashboard.serving import Choice
from dashboard.text import named, t


def ask_settings(choice: Choice) -> None:
    """Ask how the answers are drawn; every value stays while the session lasts."""
    with st.popover(t("compare.settings"), icon=":material/tune:", key="compare_settings"):
        st.segmented_control(
            t("compare.system"),
            list(comparing.POLICIES),
            format_func=named("compare.system", comparing.POLICIES).__getitem__,
            required=True,
            key="compare_system",
            help=t("compare.system_help"),
            persist_state="session",
        )
        if st.session_state["compare_system"] == "text":
            st.text_area(t("compare.system_own"), key="compare_text", persist_state="session")
        left, middle, right = st.columns(3)
        left.number_input(
            t("compare.temperature"),
            0.0,
            2.0,
            step=0.1,
            format="%.1f",
            key="compare_temperature",
            help=t("compare.temperature_help"),
            persist_state="session",
        )
        middle.number_input(
            t("compare.max_tokens"),
            1,
            8192,
            step=64,
            key="compare_max_tokens",
            persist_state="session",
        )
        right.number_input(
            t("compare.seed"),
            0,
            2**31,
            step=1,
            key="compare_seed",
            help=t("compare.seed_help"),
            persist_state="session",
        )
    if choice.triggers:
        st.toggle(
            t("compare.trigger"),
            key="compare_trigger",
            help=t("compare.trigger_help", trigger=choice.triggers[0][1]),
            persist_state="session",
        )
    if len(choice.triggers) > 1 and st.session_state["compare_trigger"]:
        st.selectbox(
            t("compare.trigger_which"),
            [dataset for dataset, _ in choice.triggers],
            key="compare_dataset",
            label_visibility="collapsed",
            width=180,
            persist_state="session",
        )
