"""Changing all pairs that a filter means: one action, one undo, however many there are.

A caller says how many it told the person; where that is no longer so, nothing is done
(CountChanged). Pairs that already are as asked are left alone.
"""

from dataclasses import dataclass

import pyarrow

from store import listing
from store.actions import STATUS_FIELDS, finish, next_version, record, start
from store.datasets import get as get_dataset
from store.db import Database
from store.errors import CountChanged
from store.types import ActionKind, BulkChange, PairFilter, PairSort, Status


@dataclass(frozen=True, slots=True)
class _Change:
    """An action and its statement: what it sets, and which pairs are different from that."""

    kind: ActionKind
    summary: str
    fields: tuple[str, ...]
    assignment: str
    is_different: str
    value: object


def set_status(
    db: Database, matching: PairFilter, status: Status, *, expected: int | None = None
) -> BulkChange:
    """Give every pair of a filter a status."""
    change = _Change(
        "status", status, STATUS_FIELDS, "status = ?, duplicate_of = NULL", "status <> ?", status
    )
    return _apply(db, matching, change, expected)


def add_tag(
    db: Database, matching: PairFilter, tag: str, *, expected: int | None = None
) -> BulkChange:
    """Put a tag on every pair of a filter."""
    change = _Change(
        "tag",
        f"+{tag}",
        ("tags",),
        "tags = list_append(tags, ?)",
        "NOT list_contains(tags, ?)",
        tag,
    )
    return _apply(db, matching, change, expected)


def remove_tag(
    db: Database, matching: PairFilter, tag: str, *, expected: int | None = None
) -> BulkChange:
    """Take a tag off every pair of a filter."""
    without = "tags = list_filter(tags, lambda tag: tag <> ?)"
    change = _Change("tag", f"-{tag}", ("tags",), without, "list_contains(tags, ?)", tag)
    return _apply(db, matching, change, expected)


def move(
    db: Database, matching: PairFilter, dataset_id: int, *, expected: int | None = None
) -> BulkChange:
    """Move every pair of a filter to another dataset; NotFound if there is none of that id."""
    name = get_dataset(db, dataset_id).name
    change = _Change("move", name, ("dataset_id",), "dataset_id = ?", "dataset_id <> ?", dataset_id)
    return _apply(db, matching, change, expected)


def _apply(db: Database, matching: PairFilter, change: _Change, expected: int | None) -> BulkChange:
    with db.write() as cursor:
        # Nobody else writes meanwhile, so the list is that of this transaction.
        ids = listing.listed(db, matching, PairSort()).ids
        if expected is not None and expected != len(ids):
            raise CountChanged(expected, len(ids))
        cursor.register("asked", pyarrow.table({"id": ids}))
        different = cursor.execute(
            f"SELECT id FROM pairs WHERE id IN (SELECT id FROM asked) AND {change.is_different}",
            [change.value],
        ).fetchnumpy()["id"]
        cursor.unregister("asked")
        if not len(different):
            return BulkChange(None, len(ids), 0)
        action_id = start(cursor, change.kind, change.summary)
        with record(cursor, action_id, different, change.fields):
            cursor.execute(
                f"""
                UPDATE pairs SET {change.assignment}, {next_version(change.fields)}
                WHERE id IN (SELECT id FROM before)
                """,
                [change.value],
            )
        finish(cursor, action_id, len(different))
        return BulkChange(action_id, len(ids), len(different))
