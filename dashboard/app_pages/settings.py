"""Settings: where things are and how they look."""

import platform
from importlib.metadata import version

import streamlit as st

from dashboard import state
from dashboard.parts.header import page_header
from dashboard.settings.external_servers import external_servers
from dashboard.text import t

PACKAGES = ("streamlit", "duckdb", "torch", "transformers", "peft")

page_header("settings")

with st.container(width=720, gap="medium"):
    st.subheader(t("settings.language"), anchor=False)
    st.markdown(t("settings.language_words"))

    st.subheader(t("settings.appearance"), anchor=False)
    st.markdown(t("settings.appearance_words"))

    st.subheader(t("settings.workspace"), anchor=False)
    st.markdown(t("settings.workspace_words"))
    st.code(str(state.workspace().root), language=None)

    st.subheader(t("external.title"), anchor=False)
    st.markdown(t("external.sentence"))
    external_servers()

    st.subheader(t("settings.versions"), anchor=False)
    installed = {name: version(name) for name in PACKAGES}
    st.table({"Python": platform.python_version(), **installed}, border="horizontal", width=360)
