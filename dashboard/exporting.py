"""What the Export page works with: the recipe asked for, what it would write, and what was written.

Holds the page's session state under names that start with `export_`; it draws nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from pipeline.errors import PipelineError
from pipeline.publish import manifest
from pipeline.publish.export import export
from pipeline.publish.manifest import ExportFile
from pipeline.publish.plan import PlannedFile, plan
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import Verification, verify
from pipeline.publish.warnings import ExportWarning
from store import clusters, exports, history
from store.errors import StoreError
from store.types import DatasetSummary, ExportRecord, Role

MADE, CHECKED, PREVIEWED = "export_made", "export_checked", "export_previewed"
NAME, SUGGESTED = "export_name", "export_suggested"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A data file that would be written."""

    name: str
    dataset: str
    role: Role
    split: str
    rows: int
    trigger: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipe would write, without its pairs."""

    files: tuple[FileLine, ...]
    pairs: int
    unreviewed: int
    warnings: tuple[ExportWarning, ...]

    def trained(self) -> dict[str, int]:
        """Return the pairs trained of each dataset; one in both layouts counts once."""
        return {file.dataset: file.rows for file in self.files if file.split == "train"}


@dataclass(frozen=True, slots=True)
class Made:
    """An export of the workspace and its files, or in words why they cannot be read."""

    record: ExportRecord
    files: tuple[ExportFile, ...]
    problem: str


def part_of(file: ExportFile | PlannedFile) -> str:
    """Return what a file is for: `train`, `test` (unseen wordings) or `new` (unseen facts)."""
    return "new" if file.about == "facts" else file.split


def suggested_datasets(summaries: tuple[DatasetSummary, ...]) -> list[str]:
    """Choose what usually belongs together: everything but one field only."""
    fields = [s.dataset.name for s in summaries if s.dataset.role == "domain" and s.usable]
    return [
        s.dataset.name
        for s in summaries
        if s.usable and (s.dataset.role != "domain" or s.dataset.name == fields[0])
    ]


def suggest_name(chosen: list[str], summaries: tuple[DatasetSummary, ...]) -> None:
    """Fill in a free name while the person has not written one of their own."""
    suggested = _free_name(chosen, summaries)
    if st.session_state.get(NAME, "") in ("", st.session_state.get(SUGGESTED)):
        st.session_state[NAME] = suggested
    st.session_state[SUGGESTED] = suggested


def preview(recipe: Recipe) -> Preview:
    """Return what a recipe would write; worked out again only when something changed."""
    latest = history.latest(state.store(), count=1)
    key = (recipe, latest[0].id if latest else 0, tuple(clusters.counts(state.store()).values()))
    known = st.session_state.get(PREVIEWED)
    if known is None or known[0] != key:
        planned = plan(state.store(), recipe)
        files = tuple(
            FileLine(f.name, f.dataset, f.role, part_of(f), f.rows, f.trigger)
            for f in planned.files
        )
        shown = Preview(files, planned.pairs, planned.unreviewed, planned.warnings)
        known = st.session_state[PREVIEWED] = (key, shown)
    found: Preview = known[1]
    return found


def make(recipe: Recipe) -> str:
    """Write the export and check what lies there; returns in words what stopped it."""
    try:
        made = export(state.store(), state.workspace(), recipe)
        _checked()[made.name] = verify(made.folder)
    except (PipelineError, StoreError) as fact:
        return words(fact)
    st.session_state[MADE] = made.name
    st.session_state.pop(NAME, None)
    return ""


def made(record: ExportRecord) -> Made:
    """Read the files of an export."""
    try:
        return Made(record, manifest.read(Path(record.folder)).files, "")
    except PipelineError as fact:
        return Made(record, (), words(fact))


@reaction
def check(name: str, folder: str) -> None:
    """Recompute the hashes of an export."""
    _checked().pop(name, None)
    _checked()[name] = verify(Path(folder))


def checked(name: str) -> Verification | None:
    """Return what checking an export gave in this session."""
    return _checked().get(name)


def _free_name(chosen: list[str], summaries: tuple[DatasetSummary, ...]) -> str:
    """Name an export like its field, else like its first dataset, with the next number."""
    roles = {s.dataset.name: s.dataset.role for s in summaries}
    stem = next((name for name in chosen if roles[name] == "domain"), chosen[0] if chosen else "")
    number = 1
    while stem and exports.is_taken(state.store(), f"{stem}-{number}"):
        number += 1
    return f"{stem}-{number}" if stem else ""


def _checked() -> dict[str, Verification]:
    found: dict[str, Verification] = st.session_state.setdefault(CHECKED, {})
    return found
