"""What the quality checks found of the pairs: writing it in bulk, and what people said against it.

Judging is no action of a person: it has no part in history, and nothing of it is undone. A pair is
judged again when its version is no longer the one that was judged.
"""

from collections.abc import Iterable

import duckdb
import pyarrow

from store.db import Database

CHUNK_ROWS = 20_000
_WAITING = "judged_version <> version"
WRITTEN = pyarrow.schema(
    [
        ("id", pyarrow.int64()),
        ("version", pyarrow.int64()),
        ("flags", pyarrow.list_(pyarrow.string())),
        ("language", pyarrow.string()),
        ("quality", pyarrow.float32()),
        ("question_tokens", pyarrow.int32()),
        ("answer_tokens", pyarrow.int32()),
        ("fact", pyarrow.int64()),
    ]
)
"""What `write` takes: a row per pair, with the version that was judged."""


def waiting(db: Database) -> int:
    """Return how many pairs are to be judged."""
    with db.read() as cursor:
        row = cursor.execute(f"SELECT count(*) FROM pairs WHERE {_WAITING}").fetchone()
    return int(row[0]) if row else 0


def waiting_datasets(db: Database) -> tuple[int, ...]:
    """Return the datasets that have pairs to be judged."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT DISTINCT dataset_id FROM pairs WHERE {_WAITING} ORDER BY dataset_id"
        ).fetchall()
    return tuple(row[0] for row in rows)


def next_waiting(db: Database, *, after_id: int, size: int = CHUNK_ROWS) -> pyarrow.Table:
    """Return the texts of the next pairs to be judged, by rising id."""
    with db.read() as cursor:
        ids = cursor.execute(
            f"SELECT id FROM pairs WHERE {_WAITING} AND id > ? ORDER BY id LIMIT ?",
            [after_id, size],
        ).fetchall()
        return _texts(cursor, [row[0] for row in ids])


def sample(db: Database, dataset_id: int, *, size: int) -> pyarrow.Table:
    """Return the texts of some pairs of a dataset, spread over it and the same ones each time."""
    with db.read() as cursor:
        counted = cursor.execute(
            "SELECT count(*) FROM pairs WHERE dataset_id = ?", [dataset_id]
        ).fetchone()
        every = max(1, (counted[0] if counted else 0) // size)
        ids = cursor.execute(
            "SELECT id FROM pairs WHERE dataset_id = ? AND hash(id) % ? = 0 ORDER BY id LIMIT ?",
            [dataset_id, every, size],
        ).fetchall()
        return _texts(cursor, [row[0] for row in ids])


def write(db: Database, judged: pyarrow.Table) -> None:
    """Keep what was found of pairs, where they are still the version that was judged."""
    with db.write() as cursor:
        cursor.register("judged", judged.cast(WRITTEN))
        cursor.execute(
            """
            UPDATE pairs SET language = judged.language, quality = judged.quality,
                   question_tokens = judged.question_tokens, answer_tokens = judged.answer_tokens,
                   fact = judged.fact, judged_version = judged.version
            FROM judged WHERE pairs.id = judged.id AND pairs.version = judged.version
            """
        )
        # DuckDB rewrites the whole row where a list changes, so only where it does.
        cursor.execute(
            """
            UPDATE pairs SET flags = judged.flags FROM judged
            WHERE pairs.id = judged.id AND pairs.version = judged.version
              AND pairs.flags IS DISTINCT FROM judged.flags
            """
        )
        cursor.unregister("judged")


def forget(db: Database, dataset_ids: Iterable[int] | None = None) -> None:
    """Have every pair (of some datasets) judged again."""
    chosen = None if dataset_ids is None else list(dataset_ids)
    with db.write() as cursor:
        cursor.execute(
            "UPDATE pairs SET judged_version = 0"
            " WHERE ? IS NULL OR list_contains(?::BIGINT[], dataset_id)",
            [chosen, chosen],
        )


def dismiss(db: Database, pair_id: int, code: str, fact: str) -> None:
    """Note that a finding is no problem; the pair's flags are told by the next judging."""
    with db.write() as cursor:
        cursor.execute(
            "INSERT INTO dismissals SELECT ?, ?, ?, now() WHERE NOT EXISTS"
            " (FROM dismissals WHERE pair_id = ? AND code = ? AND fact = ?)",
            [pair_id, code, fact, pair_id, code, fact],
        )
        cursor.execute("UPDATE pairs SET judged_version = 0 WHERE id = ?", [pair_id])


def restore(db: Database, pair_id: int) -> None:
    """Take back what was dismissed of a pair."""
    with db.write() as cursor:
        cursor.execute("DELETE FROM dismissals WHERE pair_id = ?", [pair_id])
        cursor.execute("UPDATE pairs SET judged_version = 0 WHERE id = ?", [pair_id])


def dismissed(db: Database, pair_id: int | None = None) -> dict[int, frozenset[tuple[str, str]]]:
    """Return what was dismissed, (code, fact), of one pair or of all that have any."""
    with db.read() as cursor:
        rows = cursor.execute(
            "SELECT pair_id, list((code, fact)) FROM dismissals"
            " WHERE ? IS NULL OR pair_id = ? GROUP BY pair_id",
            [pair_id, pair_id],
        ).fetchall()
    return {row[0]: frozenset(tuple(each) for each in row[1]) for row in rows}


def _texts(cursor: duckdb.DuckDBPyConnection, ids: list[int]) -> pyarrow.Table:
    return cursor.sql(
        "SELECT id, version, dataset_id, question, answer, context, coalesce(system, '') AS system,"
        " history FROM pairs WHERE id IN (SELECT unnest(?::BIGINT[])) ORDER BY id",
        params=[ids],
    ).to_arrow_table()
