"""Writing down what was done: an action, and each pair before and after it.

Used by the noun modules inside their own transactions; reading and undoing is `store.history`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from store.db import allocate
from store.types import ActionKind

SNAPSHOT_FIELDS = (
    "question", "answer", "context", "system", "history", "facts", "status", "duplicate_of", "note",
)  # fmt: skip
_PACKED = "struct_pack(" + ", ".join(f"{name} := {name}" for name in SNAPSHOT_FIELDS) + ")"


def start(cursor: duckdb.DuckDBPyConnection, kind: ActionKind, summary: str) -> int:
    """Open an action and return its id."""
    action_id = allocate(cursor, "action")
    cursor.execute(
        "INSERT INTO actions VALUES (?, ?, ?, 0, now(), NULL)", [action_id, kind, summary]
    )
    return action_id


def finish(cursor: duckdb.DuckDBPyConnection, action_id: int, pair_count: int) -> None:
    """Note how many pairs the action touched."""
    cursor.execute("UPDATE actions SET pair_count = ? WHERE id = ?", [pair_count, action_id])


@contextmanager
def record(
    cursor: duckdb.DuckDBPyConnection, action_id: int, pair_ids: list[int]
) -> Iterator[None]:
    """Keep the pairs as they stand before and after the statements inside."""
    chosen = "FROM pairs WHERE id IN (SELECT unnest(?::BIGINT[]))"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE before AS SELECT id, {_PACKED} AS snapshot {chosen}",
        [pair_ids],
    )
    yield
    cursor.execute(
        f"""
        INSERT INTO changes
        SELECT ?, now_.id, before.snapshot, now_.snapshot
        FROM (SELECT id, {_PACKED} AS snapshot {chosen}) now_ JOIN before USING (id)
        ORDER BY now_.id
        """,
        [action_id, pair_ids],
    )
    cursor.execute("DROP TABLE before")
