"""Writing down what was done: an action, and each pair before and after it.

Used by the noun modules inside their own transactions; reading and undoing is `store.history`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from store.db import allocate
from store.types import ActionKind

SNAPSHOT_TYPES = {
    "question": "VARCHAR", "answer": "VARCHAR", "context": "VARCHAR", "system": "VARCHAR",
    "history": "VARCHAR", "facts": "VARCHAR[]", "status": "VARCHAR", "duplicate_of": "BIGINT",
    "note": "VARCHAR", "tags": "VARCHAR[]", "dataset_id": "BIGINT",
}  # fmt: skip
SNAPSHOT_FIELDS = tuple(SNAPSHOT_TYPES)
STATUS_FIELDS = ("status", "duplicate_of")


def start(cursor: duckdb.DuckDBPyConnection, kind: ActionKind, summary: str) -> int:
    """Open an action and return its id."""
    action_id = allocate(cursor, "action")
    cursor.execute(
        "INSERT INTO actions (id, kind, summary, pair_count, made_at) VALUES (?, ?, ?, 0, now())",
        [action_id, kind, summary],
    )
    return action_id


def finish(cursor: duckdb.DuckDBPyConnection, action_id: int, pair_count: int) -> None:
    """Note how many pairs the action touched."""
    cursor.execute("UPDATE actions SET pair_count = ? WHERE id = ?", [pair_count, action_id])


@contextmanager
def record(
    cursor: duckdb.DuckDBPyConnection,
    action_id: int,
    pair_ids: Sequence[int],
    fields: Sequence[str] = SNAPSHOT_FIELDS,
) -> Iterator[None]:
    """Keep the pairs as they stand before and after the statements inside.

    Those may change no other than `fields`: only these are kept, and put back by undo.
    """
    cursor.execute("UPDATE actions SET fields = ? WHERE id = ?", [list(fields), action_id])
    packed = _packed(fields)
    chosen = "FROM pairs WHERE id IN (SELECT unnest(?::BIGINT[]))"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE before AS SELECT id, {packed} AS snapshot {chosen}",
        [pair_ids],
    )
    yield
    cursor.execute(
        f"""
        INSERT INTO changes
        SELECT ?, now_.id, before.snapshot, now_.snapshot
        FROM (SELECT id, {packed} AS snapshot {chosen}) now_ JOIN before USING (id)
        ORDER BY now_.id
        """,
        [action_id, pair_ids],
    )
    cursor.execute("DROP TABLE before")


def _packed(fields: Sequence[str]) -> str:
    """The expression for a snapshot that holds `fields`, the others NULL."""
    members = (
        f"{name} := {name if name in fields else f'NULL::{kind}'}"
        for name, kind in SNAPSHOT_TYPES.items()
    )
    return f"struct_pack({', '.join(members)})"
