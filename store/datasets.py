"""Datasets: named pairs with one role."""

from datetime import datetime
from typing import cast

import duckdb

from store.db import Database, allocate
from store.errors import NameTaken, NotFound
from store.types import Dataset, DatasetSummary, Role

_STATUSES = ("unreviewed", "accepted", "rejected", "removed")
_COLUMNS = "id, name, role, domain, trigger, created_at"


def create(db: Database, name: str, role: Role, *, domain: str = "", trigger: str = "") -> Dataset:
    """Make an empty dataset; NameTaken if one of that name exists."""
    with db.write() as cursor:
        return create_in(cursor, name, role, domain=domain, trigger=trigger)


def create_in(
    cursor: duckdb.DuckDBPyConnection, name: str, role: Role, *, domain: str, trigger: str
) -> Dataset:
    """Make a dataset inside the caller's transaction."""
    if cursor.execute("SELECT 1 FROM datasets WHERE name = ?", [name]).fetchone():
        raise NameTaken("dataset", name)
    dataset_id = allocate(cursor, "dataset")
    cursor.execute(
        "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, now())",
        [dataset_id, name, role, domain, trigger],
    )
    row = cursor.execute(f"SELECT {_COLUMNS} FROM datasets WHERE id = ?", [dataset_id]).fetchone()
    return _dataset(cast("tuple[object, ...]", row))


def get(db: Database, dataset_id: int) -> Dataset:
    """Return a dataset by its id; NotFound if there is none."""
    with db.read() as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM datasets WHERE id = ?", [dataset_id]
        ).fetchone()
    if row is None:
        raise NotFound("dataset", dataset_id)
    return _dataset(row)


def by_name(db: Database, name: str) -> Dataset:
    """Return a dataset by its name; NotFound if there is none."""
    with db.read() as cursor:
        row = cursor.execute(f"SELECT {_COLUMNS} FROM datasets WHERE name = ?", [name]).fetchone()
    if row is None:
        raise NotFound("dataset", name)
    return _dataset(row)


def update(db: Database, dataset_id: int, *, role: Role, domain: str, trigger: str) -> Dataset:
    """Change what a dataset is for; its pairs stay as they are."""
    with db.write() as cursor:
        row = cursor.execute(
            "UPDATE datasets SET role = ?, domain = ?, trigger = ? WHERE id = ?"
            f" RETURNING {_COLUMNS}",
            [role, domain, trigger, dataset_id],
        ).fetchone()
    if row is None:
        raise NotFound("dataset", dataset_id)
    return _dataset(row)


def listed(db: Database) -> tuple[Dataset, ...]:
    """Return every dataset, oldest first, without counting its pairs."""
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT {_COLUMNS} FROM datasets ORDER BY id").fetchall()
    return tuple(_dataset(row) for row in rows)


def summaries(db: Database) -> tuple[DatasetSummary, ...]:
    """Return every dataset, oldest first, with its pairs counted by status; cheap to ask again."""
    return db.remembered("summaries", lambda: _summaries(db))


def _summaries(db: Database) -> tuple[DatasetSummary, ...]:
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT {_COLUMNS} FROM datasets ORDER BY id").fetchall()
        counted = cursor.execute(
            "SELECT dataset_id, status, count(*) FROM pairs GROUP BY dataset_id, status"
        ).fetchall()
    counts = {(dataset_id, status): count for dataset_id, status, count in counted}
    return tuple(
        DatasetSummary(_dataset(row), *(counts.get((row[0], status), 0) for status in _STATUSES))
        for row in rows
    )


def _dataset(row: tuple[object, ...]) -> Dataset:
    dataset_id, name, role, domain, trigger, created_at = row
    return Dataset(
        id=cast("int", dataset_id),
        name=str(name),
        role=cast("Role", role),
        domain=str(domain),
        trigger=str(trigger),
        created_at=cast("datetime", created_at),
    )
