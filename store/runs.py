"""The index of training runs; what a run is doing is read from its folder, never from here."""

from collections.abc import Iterable

from store.db import Database
from store.record_types import RunRecord

_COLUMNS = "id, folder, title, export_name, model, parent_id, created_at"


def add_missing(db: Database, found: Iterable[RunRecord]) -> int:
    """Index the runs that are not known yet and return how many there were."""
    with db.write() as cursor:
        known = {row[0] for row in cursor.execute("SELECT id FROM runs").fetchall()}
        fresh = [record for record in found if record.id not in known]
        for record in fresh:
            cursor.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    record.id,
                    record.folder,
                    record.title,
                    record.export_name,
                    record.model,
                    record.parent_id,
                    record.created_at,
                ],
            )
    return len(fresh)


def forget(db: Database, run_id: int) -> None:
    """Take a run that was deleted out of the index."""
    with db.write() as cursor:
        cursor.execute("DELETE FROM runs WHERE id = ?", [run_id])


def listed(db: Database) -> tuple[RunRecord, ...]:
    """Return every known run, newest first."""
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY id DESC").fetchall()
    return tuple(RunRecord(*row) for row in rows)
