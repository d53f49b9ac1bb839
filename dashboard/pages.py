"""The pages there are, in their order; a page is listed as soon as its script exists."""

from dataclasses import dataclass
from pathlib import Path

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
    Entry("check", "troubleshoot", "data"),
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
