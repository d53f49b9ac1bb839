"""The exact config and the line for a terminal that starts the same run, to read and to keep."""

import streamlit as st

from dashboard.guard import words
from dashboard.launch import launching
from dashboard.launch.launching import Export
from dashboard.parts.notices import problem
from dashboard.text import t
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel


def launch_command(model: BaseModel, export: Export) -> None:
    """Draw the section; the config is made when it is opened."""
    opened = st.expander(
        t("launch.command"), icon=":material/terminal:", key="launch_command", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        try:
            shown = launching.written(model, export)
        except PipelineError as fact:
            problem(words(fact))
            return
        st.caption(t("launch.command_why"))
        st.code(shown.command, language="bash", wrap_lines=True)
        st.caption(t("launch.config_why"))
        st.code(shown.json, language="json", height=260)
        with st.container(horizontal=True):
            for kind, text in (("json", shown.json), ("yaml", shown.yaml)):
                st.download_button(
                    t(f"launch.download_{kind}"),
                    text,
                    file_name=f"{export.name}.{kind}",
                    mime=f"application/{kind}",
                    key=f"launch_download_{kind}",
                    icon=":material/download:",
                    on_click="ignore",
                )
