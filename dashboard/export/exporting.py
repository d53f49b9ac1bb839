"""What the Export page works with: the recipe asked for, what it would write, and what was written.

Holds the page's session state under names that start with `export_`; it draws nothing.
"""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from pipeline.errors import BadInput, PipelineError
from pipeline.publish import manifest, outline
from pipeline.publish import standing as standings
from pipeline.publish.export import export
from pipeline.publish.manifest import ExportFile
from pipeline.publish.plan import Sources, plan_of, sources
from pipeline.publish.planned import ExportPlan, PlannedFile
from pipeline.publish.recipe import Recipe, changed_fields
from pipeline.publish.restore import restore
from pipeline.publish.verify import Verification, verify
from pipeline.publish.warnings import ExportWarning
from store import exports
from store.db import Database
from store.errors import StoreError
from store.record_types import ExportChange, ExportRecord
from store.types import DatasetSummary, Role

MADE, CHECKED, RESTORED = "export_made", "export_checked", "export_restored"
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
    tokens: int
    """Estimated, of all its rows."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipe would write, without its pairs."""

    files: tuple[FileLine, ...]
    pairs: int
    unreviewed: int
    left_out: int
    """General pairs that the replay share has no place for."""
    warnings: tuple[ExportWarning, ...]

    def trained(self) -> tuple[FileLine, ...]:
        """Return one training file a dataset: its last layout, as rows in both count once."""
        return tuple({f.dataset: f for f in self.files if f.split == "train"}.values())


@dataclass(frozen=True, slots=True)
class Made:
    """An export of the workspace and its files, or in words why they cannot be read."""

    record: ExportRecord
    files: tuple[ExportFile, ...]
    problem: str


def part_of(file: ExportFile | PlannedFile) -> str:
    """Return what a file is for: `train`, `test` (unseen wordings) or `new` (unseen facts)."""
    return "new" if file.about == "facts" else file.split


@dataclass(frozen=True, slots=True)
class ChangedPair:
    """A pair that differs between two exports."""

    kind: ExportChange
    pair_id: int
    question: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What one export changed against another."""

    counts: dict[ExportChange, int]
    pairs: tuple[ChangedPair, ...]
    """The first of each kind."""
    recipe: tuple[str, ...]
    """The parts of the recipe that differ."""


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
    """Return what a recipe would write; its pairs are read again only after a change."""
    db = state.store()
    unnamed = {**recipe.to_json(), "name": ""}
    return db.remembered(
        ("preview", json.dumps(unnamed, ensure_ascii=False)),
        lambda: _preview(plan_of(_sources(db, recipe), recipe)),
    )


def _sources(db: Database, recipe: Recipe) -> Sources:
    """Return what is known of a recipe's pairs; only the newest is kept: 100 MB a million pairs."""
    kept: dict[Hashable, Sources] = db.remembered("export", dict)
    key = recipe.datasets, recipe.accepted_only
    found = kept.get(key)
    if found is None:
        kept.clear()
        with outline.readers(db) as source:
            found = kept[key] = sources(db, source, recipe)
    return found


def _preview(planned: ExportPlan) -> Preview:
    files = tuple(
        FileLine(f.name, f.dataset, f.role, part_of(f), f.rows, f.trigger, f.tokens * f.repeat)
        for f in planned.files
    )
    return Preview(files, planned.pairs, planned.unreviewed, planned.left_out, planned.warnings)


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


def difference(older: str, newer: str) -> Difference:
    """Compare two exports by their names."""
    db = state.store()
    one, other = exports.by_name(db, older), exports.by_name(db, newer)

    def compared() -> Difference:
        counts = exports.difference(db, one.id, other.id)
        pairs = tuple(
            ChangedPair(kind, *pair)
            for kind, count in counts.items()
            if count
            for pair in exports.differing(db, one.id, other.id, kind)
        )
        return Difference(counts, pairs, changed_fields(one.recipe, other.recipe))

    return db.remembered(("export difference", one.id, other.id), compared)


@reaction
def bring_back(record: ExportRecord, dataset: str, key: str) -> None:
    """Make a new dataset of what an export holds of one."""
    name = str(st.session_state.get(key, "")).strip()
    if not name:
        raise BadInput("The new dataset has no name. Give it one.")
    made, count = restore(state.store(), Path(record.folder), dataset, name)
    st.session_state[RESTORED] = (made.name, count)


@reaction
def check(name: str, folder: str) -> None:
    """Recompute the hashes of an export."""
    _checked().pop(name, None)
    _checked()[name] = verify(Path(folder))
    standings.remember(Path(folder))


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
