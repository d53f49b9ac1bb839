"""Exports made from this workspace: what each holds, pair by pair and version by version."""

import json
from collections.abc import Iterable
from typing import cast

import pyarrow

from store.db import Database, allocate
from store.errors import NameTaken, NotFound
from store.record_types import ExportChange, ExportRecord

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
    members: pyarrow.Table | Iterable[tuple[int, int, str]],
) -> ExportRecord:
    """Remember an export and its members (pair_id, version, split; by rising id).

    A million of them are given as a table. NameTaken if there is one of that name.
    """
    if not isinstance(members, pyarrow.Table):
        columns = list(zip(*members, strict=True)) or [(), (), ()]
        members = pyarrow.table(columns, names=["pair_id", "version", "split"])
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


def difference(db: Database, older_id: int, newer_id: int) -> dict[ExportChange, int]:
    """Return how many pairs one export added, removed, changed or moved against another."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT kind, count(*) FROM ({_DIFFERENCE}) GROUP BY kind", [older_id, newer_id]
        ).fetchall()
    counted: dict[ExportChange, int] = {"added": 0, "removed": 0, "changed": 0, "moved": 0}
    return counted | {cast("ExportChange", kind): count for kind, count in rows}


def differing(
    db: Database, older_id: int, newer_id: int, kind: ExportChange, *, count: int = 50
) -> tuple[tuple[int, str], ...]:
    """Return (id, question as it is now) of the first pairs that differ so, by rising id.

    The question is empty where the pair is no longer in the workspace.
    """
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT d.pair_id, coalesce(p.question, '') FROM ({_DIFFERENCE}) d
            LEFT JOIN pairs p ON p.id = d.pair_id WHERE d.kind = ?
            ORDER BY d.pair_id LIMIT ?
            """,
            [older_id, newer_id, kind, count],
        ).fetchall()
    return tuple((int(pair_id), str(question)) for pair_id, question in rows)


_DIFFERENCE = """
SELECT coalesce(o.pair_id, n.pair_id) AS pair_id,
       CASE WHEN o.pair_id IS NULL THEN 'added' WHEN n.pair_id IS NULL THEN 'removed'
            WHEN o.version <> n.version THEN 'changed' ELSE 'moved' END AS kind
FROM (SELECT * FROM export_pairs WHERE export_id = ?) o
FULL JOIN (SELECT * FROM export_pairs WHERE export_id = ?) n ON n.pair_id = o.pair_id
WHERE o.pair_id IS NULL OR n.pair_id IS NULL OR o.version <> n.version OR o.split <> n.split
"""
