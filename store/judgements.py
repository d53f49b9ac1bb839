"""What people said of single links, by which a threshold is judged: the same, or not."""

from store.db import Database
from store.relation_types import Link, Method


def add(db: Database, link: Link, *, is_same: bool, method: Method = "wording") -> None:
    """Remember a judgement of two pairs; a later one of the same two stands in its place."""
    of = [link.one_id, link.other_id, method]
    with db.write() as cursor:
        cursor.execute(
            "DELETE FROM judgements WHERE one_id = ? AND other_id = ? AND method = ?", of
        )
        cursor.execute(
            "INSERT INTO judgements VALUES (?, ?, ?, ?, ?, now())", [*of, link.score, is_same]
        )


def by_pairs(db: Database, *, method: Method = "wording") -> dict[tuple[int, int], bool]:
    """Return what was said, by the two pairs."""
    with db.read() as cursor:
        rows = cursor.execute(
            "SELECT one_id, other_id, is_same FROM judgements WHERE method = ?"
            " ORDER BY one_id, other_id",
            [method],
        ).fetchall()
    return {(one, other): is_same for one, other, is_same in rows}


def scored(db: Database, *, method: Method = "wording") -> tuple[tuple[float, bool], ...]:
    """Return (score, is the same) of every judgement, by falling score."""
    with db.read() as cursor:
        rows = cursor.execute(
            "SELECT score, is_same FROM judgements WHERE method = ?"
            " ORDER BY score DESC, one_id, other_id",
            [method],
        ).fetchall()
    return tuple((float(score), bool(is_same)) for score, is_same in rows)
