"""Bring files into a dataset: all of them or none, as one action that can be undone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.curate import ingest, placeholders
from pipeline.curate.formats import Refused
from pipeline.curate.ingest import Ingested
from pipeline.errors import BadInput
from store import datasets, pairs
from store.db import Database
from store.errors import NotFound
from store.types import Dataset, Layout, NewPair, Role


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    dataset: Dataset
    layout: Layout
    imported: int
    refused: tuple[Refused, ...]
    warnings: tuple[str, ...]
    leftovers: tuple[str, ...]
    """Placeholders that nothing was given for."""
    action_id: int | None
    """None where no row was usable, so that nothing changed."""


@dataclass(frozen=True, slots=True)
class Target:
    """The dataset that files go to: a new one, or one of the same role."""

    name: str
    role: Role
    domain: str = ""
    trigger: str | None = None
    """None: the one that the files have; an empty text: none."""


def import_files(
    db: Database,
    files: list[Path],
    target: Target,
    *,
    values: Mapping[str, str] | None = None,
    layout: Layout | None = None,
) -> ImportResult:
    """Read files and add their pairs; BadInput where a file as a whole cannot be used."""
    return import_ingested(
        db, [ingest.read(path, layout=layout) for path in files], target, values=values
    )


def import_ingested(
    db: Database,
    read: list[Ingested],
    target: Target,
    *,
    values: Mapping[str, str] | None = None,
) -> ImportResult:
    """Add what was read before (and perhaps shown in a preview) to the target dataset."""
    if not target.name.strip():
        raise BadInput("The dataset has no name. Give it one.")
    rows = [placeholders.filled(row, values or {}) for each in read for row in each.rows]
    trigger = target.trigger
    if trigger is None:
        trigger = next((each.trigger for each in read if each.trigger), "")
    dataset, action_id = _add(db, target, trigger, rows, ", ".join(each.file for each in read))
    return ImportResult(
        dataset=dataset,
        layout="format3" if any(each.layout == "format3" for each in read) else "format2",
        imported=len(rows),
        refused=tuple(refused for each in read for refused in each.refused),
        warnings=tuple(warning for each in read for warning in each.warnings),
        leftovers=placeholders.found(text for row in rows for text in placeholders.texts_of(row)),
        action_id=action_id,
    )


def _add(
    db: Database, target: Target, trigger: str, rows: list[NewPair], summary: str
) -> tuple[Dataset, int | None]:
    existing = _existing(db, target)
    if existing and trigger and not existing.trigger:
        existing = datasets.update(
            db, existing.id, role=existing.role, domain=existing.domain, trigger=trigger
        )
    with db.write() as cursor:
        dataset = existing or datasets.create_in(
            cursor, target.name, target.role, domain=target.domain, trigger=trigger
        )
        if not rows:
            return dataset, None
        return dataset, pairs.insert_many_in(cursor, dataset.id, rows, summary=summary)


def _existing(db: Database, target: Target) -> Dataset | None:
    try:
        dataset = datasets.by_name(db, target.name)
    except NotFound:
        return None
    if dataset.role != target.role:
        raise BadInput(
            f"The dataset {target.name!r} exists with the role {dataset.role}, not {target.role}. "
            "Choose its role, or another name."
        )
    return dataset
