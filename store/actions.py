"""Writing down what was done: an action, and each pair before and after it.

Used by the noun modules inside their own transactions; reading and undoing is `store.history`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow

from store.db import allocate
from store.types import ActionKind, Pair

SNAPSHOT_TYPES = {
    "question": "VARCHAR", "answer": "VARCHAR", "context": "VARCHAR", "system": "VARCHAR",
    "history": "VARCHAR", "facts": "VARCHAR[]", "status": "VARCHAR", "duplicate_of": "BIGINT",
    "note": "VARCHAR", "tags": "VARCHAR[]", "dataset_id": "BIGINT",
}  # fmt: skip
SNAPSHOT_FIELDS = tuple(SNAPSHOT_TYPES)
STATUS_FIELDS = ("status", "duplicate_of")
JUDGED_FIELDS = frozenset({"question", "answer", "context", "system", "history", "dataset_id"})
"""What the quality checks read; a change of anything else leaves their judgement as it is."""
_KEYED_FIELDS = frozenset({"question", "answer", "context"})


@dataclass(frozen=True, slots=True)
class Changed:
    """That one pair was changed: by which action, and when."""

    action_id: int
    at: datetime


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
    pair_ids: Sequence[int] | npt.NDArray[np.int64],
    fields: Sequence[str] = SNAPSHOT_FIELDS,
) -> Iterator[None]:
    """Keep the pairs as they stand before and after the statements inside.

    Those may change no other than `fields`: only these are kept, and put back by undo. Inside, the
    table `before` holds the pairs' ids.
    """
    cursor.execute("UPDATE actions SET fields = ? WHERE id = ?", [list(fields), action_id])
    packed = _packed(fields)
    # As a column: a million ids as a list of values would take longer than the change itself.
    cursor.register("chosen", pyarrow.table({"id": pyarrow.array(pair_ids, pyarrow.int64())}))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE before AS SELECT id, {packed} AS snapshot FROM pairs"
        " WHERE id IN (SELECT id FROM chosen)"
    )
    cursor.unregister("chosen")
    yield
    cursor.execute(
        f"""
        INSERT INTO changes
        SELECT ?, id, before.snapshot, {packed} FROM pairs JOIN before USING (id) ORDER BY id
        """,
        [action_id],
    )
    cursor.execute("DROP TABLE before")


def change_one(
    cursor: duckdb.DuckDBPyConnection,
    kind: ActionKind,
    summary: str,
    before: Pair,
    values: Mapping[str, object],
) -> Changed:
    """Set fields of one pair, which stands as `before` says, as an action of its own.

    What `start`, `record` and `finish` do for many pairs, in the fewest and smallest statements:
    this is what a person waits for at each key.
    """
    action_id = allocate(cursor, "action")
    cursor.execute(
        "INSERT INTO actions (id, kind, summary, pair_count, made_at, fields)"
        " VALUES (?, ?, ?, 1, now(), ?)",
        [action_id, kind, summary, list(values)],
    )
    stood = {name: _stored(getattr(before, name)) for name in values}
    cursor.execute("INSERT INTO changes VALUES (?, ?, ?, ?)", [action_id, before.id, stood, values])
    settings = ", ".join(f"{name} = ?" for name in values)
    cursor.execute(
        f"UPDATE pairs SET {settings}, {next_version(values)} WHERE id = ?",
        [*values.values(), before.id],
    )
    row = cursor.execute("SELECT now()").fetchone()
    return Changed(action_id, cast("tuple[datetime]", row)[0])


def _stored(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def next_version(fields: Iterable[str]) -> str:
    """Return what an UPDATE of `fields` sets beside them: the version, and what it is worth."""
    risen = "version = pairs.version + 1, updated_at = now()"
    if _KEYED_FIELDS.intersection(fields):
        risen += ", question_key = NULL, answer_key = NULL"
    if JUDGED_FIELDS.intersection(fields):
        return risen
    return f"{risen}, judged_version = judged_version + (judged_version = pairs.version)::BIGINT"


def _packed(fields: Sequence[str]) -> str:
    """The expression for a snapshot that holds `fields`, the others NULL."""
    members = (
        f"{name} := {name if name in fields else f'NULL::{kind}'}"
        for name, kind in SNAPSHOT_TYPES.items()
    )
    return f"struct_pack({', '.join(members)})"
