"""What a page says when there is nothing, when something went wrong, or when a thing was done."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.text import literal, t


def problem(words: str) -> None:
    """Draw a known error: `words` say what happened and what to do, and are shown literally."""
    st.error(literal(words), icon=":material/error:")


def held(words: str) -> None:
    """Draw that the workspace is open elsewhere; trying again costs nothing."""
    st.warning(literal(words), icon=":material/lock:")
    st.button(t("shell.try_again"), key="shell_retry_held", icon=":material/refresh:")


def failure(reference: str) -> None:
    """Draw the calm panel for an unexpected error; the log holds the rest under `reference`."""
    with st.container(border=True, key="shell_failure"):
        st.subheader(t("shell.failure_title"), icon=":material/report:", anchor=False)
        st.markdown(t("shell.failure_words"))
        st.caption(t("shell.failure_reference", reference=reference))
        st.button(t("shell.try_again"), key=f"shell_retry_{reference}", icon=":material/refresh:")


def empty_state(words: str, icon: str) -> DeltaGenerator:
    """Draw one teaching sentence and return the place below it for its one button."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### :gray[:material/{icon}:]", text_alignment="center")
        st.markdown(words, text_alignment="center", width=480)
        place = st.container(horizontal=True, horizontal_alignment="center")
        st.space("small")
    return place


def done(words: str) -> None:
    """Say briefly that a thing was done; it vanishes by itself and moves nothing."""
    st.toast(words, icon=":material/check_circle:")
