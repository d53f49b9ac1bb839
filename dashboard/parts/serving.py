"""The process that holds the model: whether it is loaded, what it proved, and how to end it."""

import streamlit as st

from dashboard import comparing
from dashboard.parts.chips import chip
from dashboard.text import literal, t
from pipeline.chat.server import Server


def server_chips(server: Server | None) -> None:
    """Draw the state of the process, the base's self-test, and the button that frees the memory."""
    if server is None:
        st.badge(
            t("compare.server_none"),
            icon=":material/memory:",
            color="gray",
            help=t("compare.server_none_help"),
        )
        return
    if server.state == "starting":
        chip(t("compare.server_starting"), "progress_activity", "blue")
        return
    st.badge(
        t("compare.server_ready", device=server.config.device),
        icon=":material/memory:",
        color="green",
    )
    if server.self_test:
        st.badge(
            t("compare.selftest_ok"),
            icon=":material/verified:",
            color="green",
            help=t("compare.selftest_ok_help"),
        )
    st.button(
        t("compare.unload"),
        key="compare_unload",
        icon=":material/eject:",
        help=t("compare.unload_help"),
        on_click=comparing.unload,
        args=(server.folder,),
    )
    for warning in server.warnings:
        st.caption(f":orange[:material/warning: {literal(warning)}]")
