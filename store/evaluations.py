"""The index of evaluations and their scores; the rows are in each evaluation's folder."""

import json
from collections.abc import Iterable

from store.db import Database
from store.record_types import EvaluationRecord

_COLUMNS = "id, folder, export_name, run_ids, scores, created_at"


def add_missing(db: Database, found: Iterable[EvaluationRecord]) -> int:
    """Index the evaluations that are not known yet and return how many there were."""
    with db.write() as cursor:
        known = {row[0] for row in cursor.execute("SELECT id FROM evaluations").fetchall()}
        fresh = [record for record in found if record.id not in known]
        for record in fresh:
            cursor.execute(
                "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?)",
                [
                    record.id,
                    record.folder,
                    record.export_name,
                    list(record.run_ids),
                    json.dumps(record.scores),
                    record.created_at,
                ],
            )
    return len(fresh)


def listed(db: Database) -> tuple[EvaluationRecord, ...]:
    """Return every known evaluation, newest first."""
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT {_COLUMNS} FROM evaluations ORDER BY id DESC").fetchall()
    return tuple(
        EvaluationRecord(row[0], row[1], row[2], tuple(row[3]), json.loads(row[4]), row[5])
        for row in rows
    )
