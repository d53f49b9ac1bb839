"""The top of a page: title, its sentence, and the place of its one primary action."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.text import t


def page_header(page: str) -> DeltaGenerator:
    """Draw `page.title` and `page.sentence`; return the place at the top right for the action."""
    words, action = st.columns(2, vertical_alignment="bottom", gap="medium")
    with words.container(gap=None):
        st.title(t(f"{page}.title"), anchor=False)
        st.markdown(f":gray[{t(f'{page}.sentence')}]")
    return action.container(horizontal=True, horizontal_alignment="right")
