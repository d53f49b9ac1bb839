"""Comparisons and the one vote that each may have."""

import json
from typing import cast

from store.db import Database, allocate
from store.errors import NotFound
from store.record_types import Ballot, Comparison, NewComparison

_SELECT = """
SELECT c.id, c.prompt, c.settings, c.answers, v.vote, c.created_at,
       c.question_set, c.reference, c.is_blind
FROM comparisons c LEFT JOIN votes v ON v.comparison_id = c.id
"""


def add(db: Database, comparison: NewComparison) -> int:
    """Keep a comparison and return its id."""
    with db.write() as cursor:
        comparison_id = allocate(cursor, "comparison")
        cursor.execute(
            """
            INSERT INTO comparisons
                (id, prompt, settings, answers, created_at, question_set, reference, is_blind)
            VALUES (?, ?, ?, ?, now(), ?, ?, ?)
            """,
            [
                comparison_id,
                comparison.prompt,
                json.dumps(comparison.settings, ensure_ascii=False),
                json.dumps(comparison.answers, ensure_ascii=False),
                comparison.question_set,
                comparison.reference,
                comparison.is_blind,
            ],
        )
    return comparison_id


def vote(db: Database, comparison_id: int, choice: str) -> None:
    """Set the vote: a model of the comparison, `tie` or `both_bad`; it replaces an earlier one."""
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


def next_open(db: Database, question_set: str, *, after: int = 0) -> int | None:
    """Return the first comparison of a set that has no vote, by rising id from `after` on."""
    with db.read() as cursor:
        row = cursor.execute(
            f"""
            SELECT s.id FROM ({_SELECT}) s
            WHERE s.question_set = ? AND s.vote IS NULL ORDER BY s.id <= ?, s.id LIMIT 1
            """,
            [question_set, after],
        ).fetchone()
    return cast("int", row[0]) if row else None


def open_counts(db: Database) -> dict[str, int]:
    """Return how many comparisons of each named set of questions wait for a vote."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT s.question_set, count(*) FROM ({_SELECT}) s
            WHERE s.vote IS NULL AND s.question_set <> '' GROUP BY ALL ORDER BY s.question_set
            """
        ).fetchall()
    return dict(rows)


def total(db: Database) -> int:
    """Return how many comparisons were kept, with a vote or without."""
    with db.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM comparisons").fetchone()
    return row[0] if row else 0


def ballots(db: Database) -> tuple[Ballot, ...]:
    """Return every vote with the models it was between, by rising comparison."""
    with db.read() as cursor:
        rows = cursor.execute(
            """
            SELECT c.question_set, json_extract_string(c.answers, '$[*][0]'), v.vote, c.is_blind
            FROM votes v JOIN comparisons c ON c.id = v.comparison_id ORDER BY c.id
            """
        ).fetchall()
    return tuple(
        Ballot(named, tuple(models), choice, blind) for named, models, choice, blind in rows
    )


def _comparison(row: tuple[object, ...]) -> Comparison:
    comparison_id, prompt, settings, answers, choice, created_at, question_set, reference, blind = (
        row
    )
    return Comparison(
        id=cast("int", comparison_id),
        prompt=str(prompt),
        settings=json.loads(cast("str", settings)),
        answers=tuple((a[0], a[1], a[2]) for a in json.loads(cast("str", answers))),
        vote=cast("str | None", choice),
        created_at=created_at,  # type: ignore[arg-type]  # DuckDB gives a datetime here.
        question_set=str(question_set or ""),
        reference=str(reference or ""),
        is_blind=bool(blind),
    )
