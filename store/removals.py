"""Removing duplicates, and why it was done: of which pair, in what relation, how close."""

from collections.abc import Iterable, Iterator
from typing import cast

import duckdb

from store.actions import STATUS_FIELDS, finish, next_version, record, start
from store.db import Database
from store.relation_types import Reason, Relation, Removal

_COLUMNS = "action_id, pair_id, duplicate_of, relation, reason, score, answer_score"
_CHUNK_ROWS = 10_000


def remove(db: Database, removed: Iterable[tuple[int, int]], *, summary: str) -> int:
    """Mark pairs as removed, each the duplicate of another (id, duplicate of), as one action."""
    with db.write() as cursor:
        return remove_in(cursor, removed, summary=summary)


def remove_in(
    cursor: duckdb.DuckDBPyConnection, removed: Iterable[tuple[int, int]], *, summary: str
) -> int:
    """Mark pairs as removed inside the caller's transaction and return the action's id."""
    links = dict(removed)
    ids = sorted(links)
    action_id = start(cursor, "dedup", summary)
    with record(cursor, action_id, ids, STATUS_FIELDS):
        cursor.execute(
            f"""
            UPDATE pairs SET status = 'removed', duplicate_of = gone.keeper,
                   {next_version(STATUS_FIELDS)}
            FROM (SELECT unnest(?::BIGINT[]) AS id, unnest(?::BIGINT[]) AS keeper) gone
            WHERE pairs.id = gone.id
            """,
            [ids, [links[pair_id] for pair_id in ids]],
        )
    finish(cursor, action_id, len(ids))
    return action_id


def of_pair(db: Database, pair_id: int) -> dict[int, Removal]:
    """Return why a pair was removed, by the action that did it; undone ones too."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM removals WHERE pair_id = ? ORDER BY action_id", [pair_id]
        ).fetchall()
    return {row[0]: _removal(row) for row in rows}


def of_action(db: Database, action_id: int) -> Iterator[Removal]:
    """Yield what an action removed, by rising pair id."""
    with db.read() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM removals WHERE action_id = ? ORDER BY pair_id", [action_id]
        )
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            yield from map(_removal, rows)


def _removal(row: tuple[object, ...]) -> Removal:
    action_id, pair_id, duplicate_of, relation, reason, score, answer_score = row
    return Removal(
        action_id=cast("int", action_id),
        pair_id=cast("int", pair_id),
        duplicate_of=cast("int", duplicate_of),
        relation=cast("Relation", relation),
        reason=cast("Reason", reason) or None,
        score=cast("float", score),
        answer_score=cast("float", answer_score),
    )
