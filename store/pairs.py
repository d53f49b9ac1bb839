"""Pairs: reading them by filter and page, and changing them; each change is an action."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import cast

import duckdb

from store import filters, listing, search
from store.actions import STATUS_FIELDS, change_one, finish, next_version, record, start
from store.db import Database, allocate
from store.errors import StalePair
from store.pair_rows import COLUMNS, pair_of, read_one, read_some, table_of
from store.types import (
    ActionKind,
    Neighbours,
    NewPair,
    Page,
    Pair,
    PairEdit,
    PairFilter,
    PairSort,
    Status,
)

_CHUNK_ROWS = 10_000
BY_AGE = PairSort()


def insert_many(db: Database, dataset_id: int, rows: Iterable[NewPair], *, summary: str) -> int:
    """Add pairs to a dataset as one action, all or none, and return the action's id."""
    with db.write() as cursor:
        return insert_many_in(cursor, dataset_id, rows, summary=summary)


def insert_many_in(
    cursor: duckdb.DuckDBPyConnection, dataset_id: int, rows: Iterable[NewPair], *, summary: str
) -> int:
    """Add pairs inside the caller's transaction and return the action's id."""
    action_id = start(cursor, "import", summary)
    iterator = iter(rows)
    inserted = 0
    while chunk := list(islice(iterator, _CHUNK_ROWS)):
        first = allocate(cursor, "pair", len(chunk))
        cursor.register("incoming", table_of(chunk, first))
        cursor.execute(
            """
            INSERT INTO pairs (id, dataset_id, question, answer, context, system, history, facts,
                status, duplicate_of, note, source_file, source_row, version, import_action_id,
                created_at, updated_at)
            SELECT id, ?, question, answer, context, system, history, facts, 'unreviewed', NULL,
                   '', source_file, source_row, 1, ?, now(), now()
            FROM incoming ORDER BY id
            """,
            [dataset_id, action_id],
        )
        cursor.unregister("incoming")
        inserted += len(chunk)
    finish(cursor, action_id, inserted)
    return action_id


def add_one(db: Database, dataset_id: int, row: NewPair, *, tags: tuple[str, ...] = ()) -> int:
    """Add a single pair with its tags as one action, and return its id."""
    with db.write() as cursor:
        action_id = insert_many_in(cursor, dataset_id, [row], summary=row.source_file)
        made = "SELECT id FROM pairs WHERE import_action_id = ?"
        ((pair_id,),) = cursor.execute(made, [action_id]).fetchall()
        cursor.execute("UPDATE pairs SET tags = ? WHERE id = ?", [list(tags), pair_id])
        return cast("int", pair_id)


def get(db: Database, pair_id: int) -> Pair:
    """Return one pair; NotFound if there is none."""
    with db.read() as cursor:
        return read_one(cursor, pair_id)


def by_ids(db: Database, pair_ids: Iterable[int]) -> tuple[Pair, ...]:
    """Return the pairs of these ids that exist, by rising id."""
    wanted = sorted(set(pair_ids))
    with db.read() as cursor:
        return read_some(cursor, wanted)


def page(
    db: Database,
    *,
    matching: PairFilter,
    order: PairSort = BY_AGE,
    number: int = 1,
    size: int = 50,
) -> Page[Pair]:
    """Return one page of the pairs that match, in their order; `number` is 1-based.

    A number past the end gives an empty page with the right total.
    """
    found = listing.listed(db, matching, order)
    start = (max(number, 1) - 1) * size
    ids = found.ids[start : start + size].tolist()
    with db.read() as cursor:
        rows = {pair.id: pair for pair in read_some(cursor, ids)}
    # A pair may have gone since the list was made.
    return Page(
        rows=tuple(rows[pair_id] for pair_id in ids if pair_id in rows),
        number=max(number, 1),
        size=size,
        total=len(found),
    )


def count(db: Database, *, matching: PairFilter) -> int:
    """Return how many pairs match."""
    return len(listing.listed(db, matching, BY_AGE))


def ids(db: Database, *, matching: PairFilter) -> tuple[int, ...]:
    """Return the ids of the pairs that match, by rising id."""
    return tuple(listing.listed(db, matching, BY_AGE).ids.tolist())


def around(
    db: Database, pair_id: int, *, matching: PairFilter, order: PairSort = BY_AGE
) -> Neighbours:
    """Return what stands before and after a pair among those that match, and its place there."""
    return listing.around(db, pair_id, matching, order)


def each(db: Database, *, matching: PairFilter) -> Iterator[Pair]:
    """Yield every pair that matches, by rising id, as of the moment of the call."""
    where, values = filters.where(matching)
    if matching.text:
        holding = search.find(db, matching.text)
        where += f" {'AND' if where else 'WHERE'} id IN (SELECT unnest(?::BIGINT[]))"
        values.append(holding)
    with db.read() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM pairs {where} ORDER BY id", values)
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            for row in rows:
                yield pair_of(row)


def edit(db: Database, pair_id: int, change: PairEdit, *, expected_version: int) -> Pair:
    """Change a pair; StalePair if it is no longer the version the caller read.

    A change of nothing is no action.
    """
    with db.write() as cursor:
        pair = _fresh(cursor, pair_id, expected_version)
        asked = {name: getattr(change, name) for name in PairEdit.__dataclass_fields__}
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asked.items()
            if value is not None and value != getattr(pair, name)
        }
        if not values:
            return pair
        kind: ActionKind = "edit"
        if set(values) == {"note"}:
            kind = "note"
        elif set(values) == {"tags"}:
            kind = "tag"
        done = change_one(cursor, kind, _summary(kind, pair, change), pair, values)
    given = {name: getattr(change, name) for name in values}
    return replace(pair, **given, version=pair.version + 1, updated_at=done.at)


def _summary(kind: ActionKind, pair: Pair, change: PairEdit) -> str:
    if kind != "tag":
        return f"pair {pair.id}"
    tags = change.tags or ()
    signs = [f"+{tag}" for tag in tags if tag not in pair.tags]
    return " ".join([*signs, *(f"-{tag}" for tag in pair.tags if tag not in tags)])


def set_status(
    db: Database, pair_ids: Iterable[int], status: Status, *, expected_version: int | None = None
) -> int:
    """Give pairs a status as one action and return its id.

    With `expected_version`, which is for a single pair, a stale one raises StalePair.
    """
    wanted = sorted(set(pair_ids))
    with db.write() as cursor:
        if len(wanted) == 1 and expected_version is not None:
            pair = _fresh(cursor, wanted[0], expected_version)
            values = {"status": status, "duplicate_of": None}
            return change_one(cursor, "status", status, pair, values).action_id
        action_id = start(cursor, "status", status)
        with record(cursor, action_id, wanted, STATUS_FIELDS):
            cursor.execute(
                f"""
                UPDATE pairs SET status = ?, duplicate_of = NULL, {next_version(STATUS_FIELDS)}
                WHERE id IN (SELECT unnest(?::BIGINT[]))
                """,
                [status, wanted],
            )
        finish(cursor, action_id, len(wanted))
        return action_id


def _fresh(cursor: duckdb.DuckDBPyConnection, pair_id: int, expected_version: int) -> Pair:
    """Return a pair that nobody has changed since the caller read it, else raise StalePair."""
    pair = read_one(cursor, pair_id)
    if pair.version != expected_version:
        raise StalePair(pair, expected_version)
    return pair
