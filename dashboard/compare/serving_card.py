"""The process that holds the model: whether it is loaded, what it proved, and how to end it."""

import streamlit as st

from dashboard import serving
from dashboard.compare import comparing, lineup
from dashboard.format import size
from dashboard.parts.chips import chip
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.chat.server import Server
from pipeline.chat.state import SelfTest


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
    held = serving.memory_bytes(server)
    words = t("compare.server_ready", device=server.config.device)
    st.badge(
        f"{words} · {size(held)}" if held else words,
        icon=":material/memory:",
        color="green",
    )
    if server.self_test:
        st.badge(
            t("compare.selftest_ok"),
            icon=":material/verified:",
            color="green",
            help=_proof(server.self_test),
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
        st.caption(f":orange[:material/warning: {literal(said(warning))}]")


def _proof(test: SelfTest) -> str:
    """Say what was proved: the base is the base, and by how much each adapter differs from it."""
    differences = [
        t("compare.selftest_adapter", name=lineup.name(name), difference=f"{value:.2g}")
        for name, value in test.adapter_differences.items()
    ]
    return " ".join([t("compare.selftest_ok_help"), *differences])
