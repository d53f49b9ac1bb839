"""A dataset that is named rather than brought: fetching it, how far that is, what hinders it."""

import streamlit as st

from dashboard.format import duration
from dashboard.guard import words
from dashboard.imports import import_fetch, importing
from dashboard.imports.import_fetch import Fetch
from dashboard.parts.notices import failure, problem
from dashboard.text import literal, t
from pipeline.curate import hub

REFRESH_S = 1.0


def fetch_card(name: str) -> None:
    """Draw what is known of a name: nothing but a button before anybody has asked for it."""
    fetch = import_fetch.fetch_of(name)
    if fetch is not None and fetch.is_active:
        st.fragment(_progress, run_every=REFRESH_S)(fetch)
        return
    with st.container(border=True, key="import_fetch"):
        st.subheader(literal(name.removeprefix(hub.PREFIX)), anchor=False)
        if fetch is not None and fetch.fact is not None:
            problem(words(fetch.fact))
        if fetch is not None and fetch.reference:
            failure(fetch.reference)
        st.caption(t("import.fetch_words"))
        st.button(
            t("import.fetch"),
            key="import_fetch_go",
            icon=":material/cloud_download:",
            on_click=importing.fetch,
            args=(name,),
        )


def _progress(fetch: Fetch) -> None:
    if not fetch.is_active:
        st.rerun()
    with st.container(border=True, key="import_fetching"):
        name = fetch.name.removeprefix(hub.PREFIX)
        st.subheader(t("import.fetching", name=name), anchor=False)
        since = t("import.fetching_since", duration=duration(fetch.elapsed_s))
        st.markdown(f":material/hourglass_top: {since}")
        st.caption(t("import.fetching_words"))
        st.button(
            t("shell.cancel"),
            key="import_fetch_stop",
            icon=":material/stop_circle:",
            on_click=fetch.cancel,
        )
