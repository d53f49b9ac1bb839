"""The list that a filter and an order mean: ids, remembered until the next write.

A page, a place, a count and a bulk change are all cut from the same list, so what a person was
told and what is done to it are one thing.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from store import filters, search
from store.db import Database
from store.types import Between, Neighbours, PairFilter, PairSort

Ints = npt.NDArray[np.int64]

# What a pair is ordered by, as a whole number. Lengths are asked for here only of single pairs.
_VALUES = {
    "added": "id",
    "changed": "epoch_ms(updated_at)",
    "quality": "CAST(quality * 1000000 AS BIGINT)",
    "question_length": "length(question)",
    "answer_length": "length(answer)",
}
_LENGTHS = ("question_length", "answer_length")
_NO_VALUE = 1 << 40


@dataclass(frozen=True, slots=True)
class Listing:
    """The ids of a list in its order: by rising key, then by rising id."""

    ids: Ints
    keys: Ints

    def __len__(self) -> int:
        return len(self.ids)


def listed(db: Database, matching: PairFilter, order: PairSort) -> Listing:
    """Return the list of the pairs that match."""
    key = ("listing", matching, order)
    return db.remembered(key, lambda: _made(db, matching, order))


def around(db: Database, pair_id: int, matching: PairFilter, order: PairSort) -> Neighbours:
    """Return what stands before and after a pair in the list, or before and after its place."""
    listing = listed(db, matching, order)
    at = np.flatnonzero(listing.ids == pair_id)
    is_in = bool(len(at))
    place = int(at[0]) if is_in else _place(db, pair_id, listing, order)
    after = place + is_in
    return Neighbours(
        previous_id=int(listing.ids[place - 1]) if place else None,
        next_id=int(listing.ids[after]) if after < len(listing) else None,
        place=after,
    )


def _place(db: Database, pair_id: int, listing: Listing, order: PairSort) -> int:
    """How many pairs of the list come before one that is not in it."""
    with db.read() as cursor:
        row = cursor.execute(f"SELECT {_key(order)} FROM pairs WHERE id = ?", [pair_id]).fetchone()
    if row is None:
        return 0
    is_before = (listing.keys < row[0]) | ((listing.keys == row[0]) & (listing.ids < pair_id))
    return int(np.count_nonzero(is_before))


def _made(db: Database, matching: PairFilter, order: PairSort) -> Listing:
    # The texts are dear to read: their lengths and what they hold come from the copy for searching.
    where, values = filters.where(
        replace(matching, text="", question_length=Between(), answer_length=Between())
    )
    key = "" if order.by in ("added", *_LENGTHS) else f", {_key(order)} AS key"
    with db.read() as cursor:
        rows = cursor.execute(f"SELECT id{key} FROM pairs {where}", values).fetchnumpy()
    ids = rows["id"]
    listing = Listing(ids, rows.get("key", ids))
    if matching.text:
        listing = _kept(listing, np.isin(listing.ids, search.find(db, matching.text), kind="table"))
    if order.by in _LENGTHS or {matching.question_length, matching.answer_length} != {Between()}:
        listing = _by_length(db, listing, matching, order)
    if order.by == "added":
        ids = np.sort(listing.ids)
        return Listing(ids[::-1], -ids[::-1]) if order.is_descending else Listing(ids, ids)
    return _sorted(listing)


def _by_length(db: Database, listing: Listing, matching: PairFilter, order: PairSort) -> Listing:
    """Narrow a list by the lengths that the filter names; order by one where that is asked for."""
    lengths = search.lengths(db)
    listing = _kept(listing, listing.ids < len(lengths.question))
    question, answer = lengths.question[listing.ids], lengths.answer[listing.ids]
    if order.by in _LENGTHS:
        sizes = question if order.by == "question_length" else answer
        listing = Listing(listing.ids, -sizes if order.is_descending else sizes)
    is_within = _within(question, matching.question_length)
    return _kept(listing, is_within & _within(answer, matching.answer_length))


def _within(sizes: Ints, between: Between) -> npt.NDArray[np.bool_]:
    least = 0 if between.least is None else between.least
    keep = sizes >= least
    return keep if between.most is None else keep & (sizes <= between.most)


def _sorted(listing: Listing) -> Listing:
    """Sort by key and id in one go: both fit into one whole number, which sorts fastest."""
    if not len(listing):
        return listing
    least, width = int(listing.keys.min()), int(listing.ids.max()).bit_length()
    joined = np.sort(((listing.keys - least) << width) | listing.ids)
    return Listing(joined & ((1 << width) - 1), (joined >> width) + least)


def _kept(listing: Listing, keep: npt.NDArray[np.bool_]) -> Listing:
    return Listing(listing.ids[keep], listing.keys[keep])


def _key(order: PairSort) -> str:
    """The expression for what stands first at its least; a pair without a value is the last."""
    sign = "-" if order.is_descending else ""
    return f"CAST(coalesce({sign}({_VALUES[order.by]}), {_NO_VALUE}) AS BIGINT)"
