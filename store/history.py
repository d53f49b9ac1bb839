"""What was done to the pairs, and undoing it."""

from datetime import datetime
from typing import cast

import duckdb

from store import removals
from store.actions import finish, next_version, record, start
from store.db import Database
from store.errors import NotFound, NothingToUndo
from store.types import Action, ActionKind, Change

FIELDS_OF_OLD = (
    "question", "answer", "context", "system", "history", "facts", "status", "duplicate_of", "note",
)  # fmt: skip
"""What the snapshots of an action hold that says nothing of its fields."""
_ACTION = "a.id, a.kind, a.summary, a.pair_count, a.made_at, a.undone_by"


def latest(db: Database, *, count: int = 20) -> tuple[Action, ...]:
    """Return the newest actions, newest first."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT {_ACTION} FROM actions a ORDER BY a.id DESC LIMIT ?", [count]
        ).fetchall()
    return tuple(_action(row) for row in rows)


def last_undoable(db: Database) -> Action | None:
    """Return the newest action that is neither undone nor an undo itself."""
    with db.read() as cursor:
        row = cursor.execute(
            f"SELECT {_ACTION} FROM actions a WHERE a.undone_by IS NULL AND a.kind <> 'undo'"
            " ORDER BY a.id DESC LIMIT 1"
        ).fetchone()
    return _action(row) if row else None


def of_pair(db: Database, pair_id: int) -> tuple[Change, ...]:
    """Return the changes of one pair, oldest first, with why it was removed where it was."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT c.pair_id, c.before, c.after, {_ACTION}
            FROM changes c JOIN actions a ON a.id = c.action_id
            WHERE c.pair_id = ? ORDER BY a.id
            """,
            [pair_id],
        ).fetchall()
    why = removals.of_pair(db, pair_id)
    actions = [_action(row[3:]) for row in rows]
    return tuple(
        Change(action, row[0], row[1], row[2], why.get(action.id))
        for action, row in zip(actions, rows, strict=True)
    )


def undo(db: Database, action_id: int) -> int:
    """Put back what stood before an action and return the id of the undoing action.

    An import is undone by taking its pairs out again. NothingToUndo if the action was undone
    before, is an undo itself, or a later change that still holds stands on one of its pairs.
    """
    with db.write() as cursor:
        row = cursor.execute(
            f"SELECT {_ACTION} FROM actions a WHERE a.id = ?", [action_id]
        ).fetchone()
        if row is None:
            raise NotFound("action", action_id)
        action = _action(row)
        _refuse_if_final(cursor, action)
        undoing = start(cursor, "undo", f"{action.kind} {action.summary}".strip())
        if action.kind == "import":
            cursor.execute("DELETE FROM pairs WHERE import_action_id = ?", [action_id])
        else:
            _restore(cursor, action_id, undoing)
            cursor.execute(
                "UPDATE clusters SET verdict = NULL, decided_at = NULL, action_id = NULL"
                " WHERE action_id = ?",
                [action_id],
            )
        finish(cursor, undoing, action.pair_count)
        cursor.execute("UPDATE actions SET undone_by = ? WHERE id = ?", [undoing, action_id])
        return undoing


def _refuse_if_final(cursor: duckdb.DuckDBPyConnection, action: Action) -> None:
    if action.undone_by is not None:
        raise NothingToUndo(action.id, f"it was undone by action {action.undone_by}")
    if action.kind == "undo":
        raise NothingToUndo(action.id, "it is an undo itself")
    pairs_of_action = (
        "SELECT id FROM pairs WHERE import_action_id = ?"
        if action.kind == "import"
        else "SELECT pair_id FROM changes WHERE action_id = ?"
    )
    later = cursor.execute(
        f"""
        SELECT a.id FROM changes c JOIN actions a ON a.id = c.action_id
        WHERE a.id > ? AND a.undone_by IS NULL AND a.kind <> 'undo'
          AND c.pair_id IN ({pairs_of_action})
        ORDER BY a.id DESC LIMIT 1
        """,
        [action.id, action.id],
    ).fetchone()
    if later:
        raise NothingToUndo(action.id, f"action {later[0]} changed the same pairs later")


def _restore(cursor: duckdb.DuckDBPyConnection, action_id: int, undoing: int) -> None:
    ids = cursor.execute(
        "SELECT pair_id FROM changes WHERE action_id = ?", [action_id]
    ).fetchnumpy()["pair_id"]
    fields = _fields(cursor, action_id)
    restored = ", ".join(f"{name} = c.before.{name}" for name in fields)
    with record(cursor, undoing, ids, fields):
        cursor.execute(
            f"""
            UPDATE pairs SET {restored}, {next_version(fields)}
            FROM changes c WHERE c.action_id = ? AND c.pair_id = pairs.id
            """,
            [action_id],
        )


def _fields(cursor: duckdb.DuckDBPyConnection, action_id: int) -> list[str]:
    """The fields that an action kept; one of before there was that column kept all of them."""
    row = cursor.execute("SELECT fields FROM actions WHERE id = ?", [action_id]).fetchone()
    return list(row[0]) if row and row[0] else list(FIELDS_OF_OLD)


def _action(row: tuple[object, ...]) -> Action:
    action_id, kind, summary, pair_count, at, undone_by = row
    return Action(
        id=cast("int", action_id),
        kind=cast("ActionKind", kind),
        summary=str(summary),
        pair_count=cast("int", pair_count),
        at=cast("datetime", at),
        undone_by=cast("int | None", undone_by),
    )
