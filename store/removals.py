"""Why pairs were removed: of which pair each is the duplicate, in what relation, how close."""

from collections.abc import Iterator
from typing import cast

from store.db import Database
from store.relation_types import Reason, Relation, Removal

_COLUMNS = "action_id, pair_id, duplicate_of, relation, reason, score, answer_score"
_CHUNK_ROWS = 10_000


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
