"""The frame around every page: navigation, language, and the loop at the top."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import state
from dashboard.text import LANGUAGES, QUERY_PARAMETER, language_of, plain

PAGES_FOLDER = Path(__file__).resolve().parent / "app_pages"


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: its name is that of its script, its words and its address."""

    name: str
    icon: str
    section: str

    @property
    def script(self) -> Path:
        """The file that draws the page."""
        return PAGES_FOLDER / f"{self.name}.py"


ENTRIES = (
    Entry("overview", "explore", ""),
    Entry("import", "upload_file", "data"),
    Entry("review", "rule", "data"),
    Entry("duplicates", "join_inner", "data"),
    Entry("export", "inventory_2", "data"),
    Entry("launch", "rocket_launch", "train"),
    Entry("runs", "monitoring", "train"),
    Entry("verdict", "balance", "use"),
    Entry("compare", "compare", "use"),
    Entry("models", "deployed_code", "use"),
    Entry("settings", "settings", "about"),
)


def exists(name: str) -> bool:
    """Whether a page of that name is there to be linked to."""
    return any(entry.name == name and entry.script.is_file() for entry in ENTRIES)


def link(name: str) -> str:
    """Return what st.page_link and st.switch_page take for a page of ours."""
    return f"app_pages/{name}.py"


def sections() -> dict[str, list[StreamlitPage]]:
    """Return the pages that have a script, by section, with words in the reader's language."""
    found: dict[str, list[StreamlitPage]] = {}
    present = [entry for entry in ENTRIES if entry.script.is_file()]
    for entry in present:
        title = plain(f"shell.section_{entry.section}") if entry.section else ""
        found.setdefault(title, []).append(_page(entry, is_first=entry is present[0]))
    return found


def language_switch() -> None:
    """Draw the switch at the foot of the sidebar; the choice stays in the address."""
    st.sidebar.segmented_control(
        plain("shell.language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=language_of(st.context.locale),
        required=True,
        key=QUERY_PARAMETER,
        bind="query-params",
        label_visibility="collapsed",
    )


def frame(page: StreamlitPage) -> None:
    """Prepare the process once and draw the loop above every page but the overview."""
    state.log_to(str(state.workspace().root))


def _page(entry: Entry, *, is_first: bool) -> StreamlitPage:
    return st.Page(
        link(entry.name),
        title=plain(f"{entry.name}.title"),
        icon=f":material/{entry.icon}:",
        url_path=entry.name,
        default=is_first,
        help=plain(f"{entry.name}.sentence"),
    )
