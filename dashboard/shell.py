"""The frame around every page: navigation, language, and the loop at the top."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import state, watching
from dashboard.check import judge_job
from dashboard.guard import reaction
from dashboard.loop import read_facts, steps
from dashboard.pages import ENTRIES, Entry, link
from dashboard.parts import built_in
from dashboard.parts.loop_strip import strip
from dashboard.runs import queueing
from dashboard.text import LANGUAGES, QUERY_PARAMETER, Language, language_of, plain
from pipeline.queue import supervise
from store import settings
from store.errors import StoreError

ASSETS = Path(__file__).resolve().parent / "assets"
LANGUAGE_SETTING = "language"


def sections() -> dict[str, list[StreamlitPage]]:
    """Return the pages that have a script, by section, with words in the reader's language."""
    found: dict[str, list[StreamlitPage]] = {}
    present = [entry for entry in ENTRIES if entry.script.is_file()]
    for entry in present:
        title = plain(f"shell.section_{entry.section}") if entry.section else ""
        found.setdefault(title, []).append(_page(entry, is_first=entry is present[0]))
    return found


def dress() -> None:
    """Set the window's icon and width, the logo, and the language switch below the pages."""
    st.set_page_config(page_title="Graft", page_icon=str(ASSETS / "mark.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))
    _restore_language()
    st.sidebar.segmented_control(
        plain("shell.language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        required=True,
        key=QUERY_PARAMETER,
        on_change=_keep_language,
        label_visibility="collapsed",
    )
    built_in.in_the_readers_language()


def frame(page: StreamlitPage) -> None:
    """Prepare the process once and draw the loop above every page but the overview."""
    workspace = state.workspace()
    state.log_to(str(workspace.root))
    judge_job.ensure()
    supervise.ensure(workspace)
    if page.url_path:  # The overview, at the root, draws the loop large itself.
        running, waiting = len(watching.active()), queueing.waiting_count()
        strip(steps(read_facts(state.store(), workspace, running=running, waiting=waiting)))


def _restore_language() -> None:
    """Take the language of the address, else the workspace's, else the browser's."""
    asked = st.query_params.get(QUERY_PARAMETER)
    if QUERY_PARAMETER not in st.session_state:
        chosen = asked if asked in LANGUAGES else _kept_language()
        st.session_state[QUERY_PARAMETER] = chosen or language_of(st.context.locale)
    if asked is not None and asked != st.session_state[QUERY_PARAMETER]:
        st.query_params[QUERY_PARAMETER] = st.session_state[QUERY_PARAMETER]


def _kept_language() -> Language | None:
    try:
        kept = settings.get(state.store(), LANGUAGE_SETTING)
    except StoreError:
        return None  # The page below says why the store is shut.
    return kept if kept in LANGUAGES else None


@reaction
def _keep_language() -> None:
    settings.put(state.store(), LANGUAGE_SETTING, st.session_state[QUERY_PARAMETER])


def _page(entry: Entry, *, is_first: bool) -> StreamlitPage:
    return st.Page(
        link(entry.name),
        title=plain(f"{entry.name}.title"),
        icon=f":material/{entry.icon}:",
        url_path=entry.name,
        default=is_first,
        help=plain(f"{entry.name}.sentence"),
    )
