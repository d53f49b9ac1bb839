"""Exports made from this workspace: what each holds, pair by pair and version by version."""

import json
from typing import cast

import pyarrow

from store.db import Database, allocate
from store.errors import NameTaken, NotFound
from store.types import ExportRecord

_COLUMNS = "id, name, folder, recipe, manifest_sha1, pair_count, created_at"


def is_taken(db: Database, name: str) -> bool:
    """Say whether an export of this name was made before."""
    with db.read() as cursor:
        return bool(cursor.execute("SELECT 1 FROM exports WHERE name = ?", [name]).fetchone())


def add(
    db: Database,
    name: str,
    folder: str,
    *,
    recipe: dict[str, object],
    manifest_sha1: str,
    members: pyarrow.Table,
) -> ExportRecord:
    """Remember an export and its members (columns pair_id, version, split, by rising pair_id).

    NameTaken if there is one of that name.
    """
    with db.write() as cursor:
        if cursor.execute("SELECT 1 FROM exports WHERE name = ?", [name]).fetchone():
            raise NameTaken("export", name)
        export_id = allocate(cursor, "export")
        cursor.execute(
            "INSERT INTO exports VALUES (?, ?, ?, ?, ?, ?, now())",
            [
                export_id,
                name,
                folder,
                json.dumps(recipe, ensure_ascii=False),
                manifest_sha1,
                len(members),
            ],
        )
        cursor.register("members", members)
        cursor.execute(
            "INSERT INTO export_pairs SELECT ?, pair_id, version, split FROM members", [export_id]
        )
        cursor.unregister("members")
    return by_name(db, name)


def by_name(db: Database, name: str) -> ExportRecord:
    """Return an export by its name; NotFound if there is none."""
    with db.read() as cursor:
        row = cursor.execute(f"SELECT {_COLUMNS} FROM exports WHERE name = ?", [name]).fetchone()
    if row is None:
        raise NotFound("export", name)
    return _export(row)


def listed(db: Database) -> tuple[ExportRecord, ...]:
    """Return every export, newest first."""
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT {_COLUMNS} FROM exports ORDER BY id DESC").fetchall()
    return tuple(_export(row) for row in rows)


def members(db: Database, export_id: int) -> tuple[tuple[int, int, str], ...]:
    """Return (pair id, version, split) of every pair in an export, by rising id."""
    with db.read() as cursor:
        rows = cursor.execute(
            "SELECT pair_id, version, split FROM export_pairs WHERE export_id = ? ORDER BY pair_id",
            [export_id],
        ).fetchall()
    return tuple(cast("list[tuple[int, int, str]]", rows))


def changed_members(db: Database, export_id: int) -> int:
    """Return how many pairs of an export were changed or taken out since it was made."""
    with db.read() as cursor:
        row = cursor.execute(
            """
            SELECT count(*) FROM export_pairs e LEFT JOIN pairs p ON p.id = e.pair_id
            WHERE e.export_id = ? AND p.version IS DISTINCT FROM e.version
            """,
            [export_id],
        ).fetchone()
    return row[0] if row else 0


def _export(row: tuple[object, ...]) -> ExportRecord:
    values = dict(zip([name.strip() for name in _COLUMNS.split(",")], row, strict=True))
    values["recipe"] = json.loads(cast("str", values["recipe"]))
    return ExportRecord(**values)  # type: ignore[arg-type]  # The columns are the fields.
