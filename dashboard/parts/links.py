"""Links from one page to another; a page without a script yet is not linked to."""

import streamlit as st

from dashboard.pages import ENTRIES, exists, link


def to_page(name: str, words: str, address: dict[str, str] | None = None) -> None:
    """Draw a link to a page of ours, with that page's icon; `address` says what is shown there."""
    if exists(name):
        icon = next(entry.icon for entry in ENTRIES if entry.name == name)
        st.page_link(link(name), label=words, icon=f":material/{icon}:", query_params=address)
