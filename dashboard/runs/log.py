"""The log of a run: its end as it grows, a search through all of it, and the whole as a file."""

import streamlit as st

from dashboard.said import said
from dashboard.text import plain, t
from pipeline.processes import log_tail
from pipeline.train import log
from pipeline.train.state import LOG_NAME, Run

LINES, MOST_FOUND = 200, 300
HEIGHT = 320


def run_log(run: Run) -> None:
    """Draw the log in a box of one height, so that nothing below it moves."""
    path = run.folder / LOG_NAME
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.text_input(
            t("runs.log_search"),
            key=f"runs_log_search_{run.id}",
            placeholder=plain("runs.log_search"),
            icon=":material/search:",
            label_visibility="collapsed",
        )
        st.download_button(
            t("runs.log_download"),
            data=path.read_bytes if path.exists() else b"",
            file_name=f"run-{run.id}.log",
            mime="text/plain",
            key=f"runs_log_download_{run.id}",
            icon=":material/download:",
            on_click="ignore",
            disabled=not path.exists(),
        )
    if wanted:
        found = log.find(path, wanted, most=MOST_FOUND)
        st.caption(t("runs.log_found", count=found.count, shown=len(found.lines)))
        words = "\n".join(f"{number:>6}  {line}" for number, line in found.lines)
    else:
        st.caption(t("runs.log_tail", lines=LINES))
        words = "\n".join(log_tail(path, LINES))
    st.code(words or plain("runs.log_none"), language=None, wrap_lines=True, height=HEIGHT)


def warnings(run: Run) -> None:
    """Draw what the worker warned of."""
    if found := run.progress.warnings:
        title = t("runs.warnings", count=len(found))
        with st.expander(title, icon=":material/warning:", key=f"runs_warnings_{run.id}"):
            for message in found:
                st.text(said(message))
