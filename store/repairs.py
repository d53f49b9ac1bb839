"""Changing the texts of many pairs, each in its own way, as one action."""

from collections.abc import Sequence

import pyarrow

from store.actions import finish, next_version, record, start
from store.db import Database
from store.types import PairEdit

_FIELDS = ("question", "answer", "context")


def apply(
    db: Database, edits: Sequence[tuple[int, int, PairEdit]], *, summary: str
) -> tuple[int | None, int]:
    """Apply edits of question, answer and context: (pair, version that was read, change).

    Pairs of another version by now are left alone. Returns the action (None where no pair was
    changed) and how many pairs it changed.
    """
    table = pyarrow.table(
        {
            "id": pyarrow.array([pair_id for pair_id, _, _ in edits], pyarrow.int64()),
            "version": pyarrow.array([version for _, version, _ in edits], pyarrow.int64()),
            **{
                name: pyarrow.array([getattr(e, name) for _, _, e in edits], pyarrow.string())
                for name in _FIELDS
            },
        }
    )
    with db.write() as cursor:
        cursor.register("incoming", table)
        cursor.execute("CREATE OR REPLACE TEMP TABLE repairs AS FROM incoming")
        cursor.unregister("incoming")
        ids = cursor.execute(
            "SELECT p.id FROM pairs p JOIN repairs r ON r.id = p.id AND r.version = p.version"
            " ORDER BY p.id"
        ).fetchnumpy()["id"]
        if not len(ids):
            return None, 0
        action_id = start(cursor, "fix", summary)
        texts = ", ".join(f"{name} = coalesce(r.{name}, pairs.{name})" for name in _FIELDS)
        with record(cursor, action_id, ids, _FIELDS):
            cursor.execute(
                f"""
                UPDATE pairs SET {texts}, {next_version(_FIELDS)} FROM repairs r
                WHERE pairs.id = r.id AND pairs.version = r.version
                """
            )
        cursor.execute("DROP TABLE repairs")
        finish(cursor, action_id, len(ids))
    return action_id, len(ids)
