"""Settings: where things are, who may enter, and what it all stands on."""

import streamlit as st

from dashboard import state
from dashboard.parts.header import page_header
from dashboard.settings.about_section import about_section
from dashboard.settings.access_section import access_section
from dashboard.settings.backup_section import backup_section
from dashboard.settings.device_section import device_section
from dashboard.settings.external_servers import external_servers
from dashboard.settings.room_section import room_section
from dashboard.text import t

page_header("settings")
left, right = st.columns(2, gap="large")

with left:
    st.subheader(t("settings.workspace"), anchor=False)
    st.markdown(t("settings.workspace_words"))
    st.code(str(state.workspace().root), language=None, wrap_lines=True)
    room = st.container()
    st.subheader(t("settings.backup"), anchor=False)
    backup_section()

with right:
    st.subheader(t("settings.devices"), anchor=False)
    device_section()
    st.subheader(t("settings.access"), anchor=False)
    access_section()
    st.subheader(t("external.title"), anchor=False)
    st.markdown(t("external.sentence"))
    external_servers()
    st.subheader(t("settings.language"), anchor=False)
    st.markdown(t("settings.language_words"))
    st.subheader(t("settings.appearance"), anchor=False)
    st.markdown(t("settings.appearance_words"))

st.subheader(t("settings.about"), anchor=False)
with st.container(width=720):
    about_section()

# Last, so that nothing waits until a large workspace is counted.
with room:
    room_section()
