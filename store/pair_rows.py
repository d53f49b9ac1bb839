"""How a pair lies in its table: rows of it as `Pair`, and new pairs as columns."""

import json
from collections.abc import Sequence
from typing import cast

import duckdb
import pyarrow

from store.errors import NotFound
from store.types import NewPair, Pair, Turn

COLUMNS = (
    "id, dataset_id, question, answer, context, system, history, facts, status, duplicate_of,"
    " note, source_file, source_row, version, created_at, updated_at, tags, flags, language,"
    " quality, question_tokens, answer_tokens"
)
"""What `pair_of` takes, in its order."""
_NAMES = COLUMNS.replace(" ", "").split(",")
_INCOMING = pyarrow.schema(
    [
        ("question", pyarrow.string()),
        ("answer", pyarrow.string()),
        ("context", pyarrow.string()),
        ("system", pyarrow.string()),
        ("history", pyarrow.string()),
        ("facts", pyarrow.list_(pyarrow.string())),
        ("source_file", pyarrow.string()),
        ("source_row", pyarrow.int64()),
        ("id", pyarrow.int64()),
    ]
)


def read_one(cursor: duckdb.DuckDBPyConnection, pair_id: int) -> Pair:
    """Return one pair inside the caller's transaction; NotFound if there is none."""
    row = cursor.execute(f"SELECT {COLUMNS} FROM pairs WHERE id = ?", [pair_id]).fetchone()
    if row is None:
        raise NotFound("pair", pair_id)
    return pair_of(row)


def read_some(cursor: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> tuple[Pair, ...]:
    """Return the pairs of these ids that exist, by rising id."""
    rows = cursor.execute(
        f"SELECT {COLUMNS} FROM pairs WHERE id IN (SELECT unnest(?::BIGINT[])) ORDER BY id",
        [ids],
    ).fetchall()
    return tuple(pair_of(row) for row in rows)


def pair_of(row: tuple[object, ...]) -> Pair:
    """Return the pair of a row of `COLUMNS`."""
    values = dict(zip(_NAMES, row, strict=True))
    turns = json.loads(cast("str", values["history"]))
    values["history"] = tuple(Turn(question, answer) for question, answer in turns)
    for name in ("facts", "tags", "flags"):
        values[name] = tuple(cast("list[str]", values[name]))
    return Pair(**values)  # type: ignore[arg-type]  # The columns are the fields, in SQL's types.


def table_of(rows: Sequence[NewPair], first_id: int) -> pyarrow.Table:
    """Return new pairs as columns, their ids rising from the first."""
    return pyarrow.Table.from_pydict(
        {
            "question": [row.question for row in rows],
            "answer": [row.answer for row in rows],
            "context": [row.context for row in rows],
            "system": [row.system for row in rows],
            "history": [_history_json(row.history) for row in rows],
            "facts": [list(row.facts) for row in rows],
            "source_file": [row.source_file for row in rows],
            "source_row": [row.source_row for row in rows],
            "id": list(range(first_id, first_id + len(rows))),
        },
        schema=_INCOMING,
    )


def _history_json(history: tuple[Turn, ...]) -> str:
    turns = [[turn.question, turn.answer] for turn in history]
    return json.dumps(turns, ensure_ascii=False)
