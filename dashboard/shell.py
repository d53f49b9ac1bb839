"""The frame around every page: navigation, language, and the loop at the top."""

from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import state
from dashboard.guard import reaction
from dashboard.loop import read_facts, steps
from dashboard.pages import ENTRIES, Entry, link
from dashboard.parts.loop_strip import strip
from dashboard.text import LANGUAGES, QUERY_PARAMETER, Language, language_of, plain
from store import settings
from store.errors import StoreError

ASSETS = Path(__file__).resolve().parent / "assets"
LANGUAGE_SETTING = "language"
_DEFAULT_LANGUAGE = "shell_default_language"


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
    st.sidebar.segmented_control(
        plain("shell.language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=_default_language(),
        required=True,
        key=QUERY_PARAMETER,
        bind="query-params",
        on_change=_keep_language,
        label_visibility="collapsed",
    )


def frame(page: StreamlitPage) -> None:
    """Prepare the process once and draw the loop above every page but the overview."""
    workspace = state.workspace()
    state.log_to(str(workspace.root))
    facts = read_facts(state.store(), workspace)
    if page.url_path:  # The overview, at the root, draws the loop large itself.
        strip(steps(facts))


def _default_language() -> Language:
    """The language kept in the workspace, else the browser's; read once a session."""
    if _DEFAULT_LANGUAGE not in st.session_state:
        try:
            kept = settings.get(state.store(), LANGUAGE_SETTING)
        except StoreError:
            kept = None  # The page below says why the store is shut.
        chosen = kept if kept in LANGUAGES else language_of(st.context.locale)
        st.session_state[_DEFAULT_LANGUAGE] = chosen
    return cast("Language", st.session_state[_DEFAULT_LANGUAGE])


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
