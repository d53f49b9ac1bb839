"""Comparisons and the one vote that each may have."""

import json
from typing import cast

from store.db import Database, allocate
from store.errors import NotFound
from store.record_types import Comparison, NewComparison, Vote

_SELECT = """
SELECT c.id, c.prompt, c.settings, c.answers, v.vote, c.created_at
FROM comparisons c LEFT JOIN votes v ON v.comparison_id = c.id
"""


def add(db: Database, comparison: NewComparison) -> int:
    """Keep a comparison and return its id."""
    with db.write() as cursor:
        comparison_id = allocate(cursor, "comparison")
        cursor.execute(
            "INSERT INTO comparisons VALUES (?, ?, ?, ?, now())",
            [
                comparison_id,
                comparison.prompt,
                json.dumps(comparison.settings, ensure_ascii=False),
                json.dumps(comparison.answers, ensure_ascii=False),
            ],
        )
    return comparison_id


def vote(db: Database, comparison_id: int, choice: Vote) -> None:
    """Set the vote of a comparison; a second vote takes the place of the first."""
    with db.write() as cursor:
        if not cursor.execute("SELECT 1 FROM comparisons WHERE id = ?", [comparison_id]).fetchone():
            raise NotFound("comparison", comparison_id)
        cursor.execute("DELETE FROM votes WHERE comparison_id = ?", [comparison_id])
        cursor.execute("INSERT INTO votes VALUES (?, ?, now())", [comparison_id, choice])


def get(db: Database, comparison_id: int) -> Comparison:
    """Return one comparison; NotFound if there is none."""
    with db.read() as cursor:
        row = cursor.execute(f"{_SELECT} WHERE c.id = ?", [comparison_id]).fetchone()
    if row is None:
        raise NotFound("comparison", comparison_id)
    return _comparison(row)


def latest(db: Database, *, count: int = 20) -> tuple[Comparison, ...]:
    """Return the newest comparisons, newest first."""
    with db.read() as cursor:
        rows = cursor.execute(f"{_SELECT} ORDER BY c.id DESC LIMIT ?", [count]).fetchall()
    return tuple(_comparison(row) for row in rows)


def total(db: Database) -> int:
    """Return how many comparisons were kept, with a vote or without."""
    with db.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM comparisons").fetchone()
    return row[0] if row else 0


def counts(db: Database) -> dict[Vote, int]:
    """Return how many comparisons have each vote."""
    result: dict[Vote, int] = {"base": 0, "adapter": 0, "tie": 0, "both_bad": 0}
    with db.read() as cursor:
        rows = cursor.execute("SELECT vote, count(*) FROM votes GROUP BY vote").fetchall()
    return result | {cast("Vote", choice): count for choice, count in rows}


def _comparison(row: tuple[object, ...]) -> Comparison:
    comparison_id, prompt, settings, answers, choice, created_at = row
    return Comparison(
        id=cast("int", comparison_id),
        prompt=str(prompt),
        settings=json.loads(cast("str", settings)),
        answers=tuple((a[0], a[1], a[2]) for a in json.loads(cast("str", answers))),
        vote=cast("Vote | None", choice),
        created_at=created_at,  # type: ignore[arg-type]  # DuckDB gives a datetime here.
    )
