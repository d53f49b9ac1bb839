"""Bulk changes: all pairs of a filter, as one action that is undone byte for byte."""

from collections.abc import Callable

import pytest

from store import bulk, datasets, history, pairs
from store.db import Database
from store.errors import CountChanged, NotFound, NothingToUndo
from store.types import BulkChange, Pair, PairEdit, PairFilter
from tests.builders import new_pair

WANTED = PairFilter(text="肝")


@pytest.fixture
def before(db: Database) -> tuple[Pair, ...]:
    """Thirty pairs, every third about the liver, one of them rejected and tagged already."""
    for name in ("one", "two"):
        datasets.create(db, name, "domain")
    rows = [new_pair(f"{'肝' if n % 3 == 0 else '肺'} {n}", "a\0b 🧬") for n in range(30)]
    pairs.insert_many(db, 1, rows, summary="x")
    pairs.set_status(db, [4], "rejected")
    pairs.edit(db, 4, PairEdit(tags=("dose",)), expected_version=2)
    return stored(db)


def stored(db: Database) -> tuple[Pair, ...]:
    return tuple(pairs.each(db, matching=PairFilter()))


@pytest.mark.parametrize(
    ("change", "changed", "field", "value"),
    [
        (lambda db: bulk.set_status(db, WANTED, "rejected", expected=10), 9, "status", "rejected"),
        (lambda db: bulk.add_tag(db, WANTED, "dose"), 9, "tags", ("dose",)),
        (lambda db: bulk.remove_tag(db, WANTED, "dose"), 1, "tags", ()),
        (lambda db: bulk.move(db, WANTED, 2), 10, "dataset_id", 2),
    ],
    ids=["status", "tag", "untag", "move"],
)
def test_a_bulk_change_is_counted_applied_and_undone(
    db: Database,
    before: tuple[Pair, ...],
    change: Callable[[Database], BulkChange],
    changed: int,
    field: str,
    value: object,
):
    done = change(db)
    assert (done.matched, done.changed) == (10, changed)
    assert done.action_id is not None
    for old, new in zip(before, stored(db), strict=True):
        expected = value if "肝" in old.question else getattr(old, field)
        assert getattr(new, field) == expected
        is_touched = "肝" in old.question and getattr(old, field) != value
        assert new.version == old.version + is_touched
    history.undo(db, done.action_id)
    after = stored(db)
    for old, new in zip(before, after, strict=True):
        ignored = {"version", "updated_at"}
        for name in set(Pair.__dataclass_fields__) - ignored:
            assert getattr(new, name) == getattr(old, name), name
    with pytest.raises(NothingToUndo):
        history.undo(db, done.action_id)


def test_a_bulk_change_of_another_number_than_was_told_does_nothing(
    db: Database, before: tuple[Pair, ...]
):
    with pytest.raises(CountChanged, match="means 10 pairs now, not 9"):
        bulk.set_status(db, WANTED, "accepted", expected=9)
    assert stored(db) == before


def test_where_nothing_is_different_there_is_no_action(db: Database, before: tuple[Pair, ...]):
    assert before
    last = history.latest(db, count=1)
    assert bulk.remove_tag(db, WANTED, "unknown") == BulkChange(None, 10, 0)
    assert history.latest(db, count=1) == last


def test_a_move_to_nowhere_is_refused(db: Database, before: tuple[Pair, ...]):
    with pytest.raises(NotFound):
        bulk.move(db, WANTED, 9)
    assert stored(db) == before
