"""What a person calls a run and writes about it."""

import streamlit as st

from dashboard.runs import keeping
from dashboard.text import t
from pipeline.train.notes import LONGEST_TEXT, LONGEST_TITLE
from pipeline.train.state import Run


def run_notes(run: Run) -> None:
    """Draw title and notes as a form."""
    with st.form(f"runs_notes_{run.id}", border=False):
        st.text_input(
            t("runs.notes_title"),
            value=run.title,
            max_chars=LONGEST_TITLE,
            key=keeping.TITLE.format(run=run.id),
        )
        st.text_area(
            t("runs.notes_text"),
            value=run.notes.text,
            max_chars=LONGEST_TEXT,
            height=160,
            key=keeping.TEXT.format(run=run.id),
            placeholder=t("runs.notes_placeholder"),
        )
        st.form_submit_button(
            t("runs.notes_save"),
            key="runs_notes_save",
            icon=":material/save:",
            on_click=keeping.note,
            args=(run.id,),
        )
