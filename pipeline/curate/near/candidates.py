"""Which rows may be close: those that share enough of their rare samples (an inverted join).

Samples that very many rows have say nothing, so from the commonest down they are left out until
the join is small enough; memory stays bounded whatever the rows look like.
"""

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.near.reading import ROW_BITS

MEETINGS_EACH = 24
"""So often rows may meet in samples, on average a row, before common samples are left out."""
CANDIDATES_EACH, ALWAYS = 2, 200_000
"""So many pairs of rows are compared at most, on average a row; in small sets ALWAYS many."""
_MOST_SHARED = 70
_MOST_HOLDERS, _FEWEST_HOLDERS = 512, 8
_SLICE = 24_000_000


def close_rows(samples: NDArray[np.uint64], rows: int, shared: float) -> NDArray[np.uint64]:
    """Return the pairs of rows that share enough samples, the smaller row in the upper 32 bits.

    `shared` is the share of the fewer samples of two rows that both must have. Where very many rows
    are cast in one mould it is raised, until what is compared keeps to its budget.

    `samples` is sorted in place.
    """
    if not len(samples):
        return np.empty(0, np.uint64)
    samples.sort()
    holders = _holders(samples)
    budget = MEETINGS_EACH * max(rows, 1000)
    largest = _largest(holders, budget)
    kept = np.zeros(rows, np.uint16)
    _count_kept(samples, largest, kept)
    per_row = _meetings(samples, largest, rows)
    found, shares = [], []
    for first, last, room in _slices(per_row):
        met = np.empty(room, np.uint64)
        met = met[: _meet(samples, largest, first, last, met)]
        met.sort()
        pairs, share = _enough(met, kept, shared)
        found.append(pairs)
        shares.append(share)
    if not found:
        return np.empty(0, np.uint64)
    return _within_budget(
        np.concatenate(found), np.concatenate(shares), max(ALWAYS, CANDIDATES_EACH * rows)
    )


def _within_budget(
    pairs: NDArray[np.uint64], shares: NDArray[np.uint8], budget: int
) -> NDArray[np.uint64]:
    """Return the pairs with the highest shares, in per cent, so many that the budget is kept."""
    if len(pairs) <= budget:
        return pairs
    from_share = np.cumsum(np.bincount(shares, minlength=101)[::-1])[::-1]
    lowest = int(np.argmax(from_share <= budget))
    return pairs[shares >= min(lowest, _MOST_SHARED)]


def same_questions(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each row with the first row that has the same key, as `close_rows` does."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else order
    first = np.repeat(order[starts], np.diff(np.r_[starts, len(keys)]))
    is_other = first != order
    pairs = first[is_other].astype(np.uint64) << np.uint64(32) | order[is_other].astype(np.uint64)
    return np.asarray(pairs)


def _holders(samples: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many samples there are that n rows have, for n up to the most that count."""
    counts = np.zeros(_MOST_HOLDERS + 1, np.int64)
    _count_holders(samples, counts)
    return counts


def _largest(holders: NDArray[np.int64], budget: int) -> int:
    """Return from how many rows on a sample is left out, so that the join keeps to the budget."""
    sizes = np.arange(len(holders))
    meetings = np.cumsum(holders * sizes * (sizes - 1) // 2)
    return max(_FEWEST_HOLDERS, int(np.searchsorted(meetings, budget)))


def _slices(per_row: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Cut the rows so that each part meets at most so often: (first, last, meetings)."""
    total = np.cumsum(per_row)
    slices, first, before = [], 0, 0
    while first < len(total):
        last = max(first + 1, int(np.searchsorted(total, before + _SLICE, side="right")))
        room = int(total[last - 1]) - before
        if room:
            slices.append((first, last, room))
        first, before = last, int(total[last - 1])
    return slices


@njit(cache=True, nogil=True, inline="always")
def _end_of(samples, start):
    """Return where the rows of the sample that starts at a place end."""
    end = start + 1
    while end < len(samples) and samples[end] >> uint64(ROW_BITS) == samples[start] >> uint64(
        ROW_BITS
    ):
        end += 1
    return end


@njit(cache=True, nogil=True)
def _count_holders(samples, counts):
    start = 0
    while start < len(samples):
        end = _end_of(samples, start)
        if end - start < len(counts):
            counts[end - start] += 1
        start = end


@njit(cache=True, nogil=True)
def _count_kept(samples, largest, kept):
    mask = uint64((1 << ROW_BITS) - 1)
    start = 0
    while start < len(samples):
        end = _end_of(samples, start)
        if end - start <= largest:
            for n in range(start, end):
                kept[samples[n] & mask] += 1
        start = end


@njit(cache=True, nogil=True)
def _meetings(samples, largest, rows):
    """Return how often each row meets a later one."""
    mask = uint64((1 << ROW_BITS) - 1)
    per_row = np.zeros(rows, np.int64)
    start = 0
    while start < len(samples):
        end = _end_of(samples, start)
        if 1 < end - start <= largest:
            for n in range(start, end):
                per_row[samples[n] & mask] += end - n - 1
        start = end
    return per_row


@njit(cache=True, nogil=True)
def _meet(samples, largest, first, last, met):
    """Write the pairs whose smaller row is among `first` up to `last`; rows rise in a sample."""
    mask = uint64((1 << ROW_BITS) - 1)
    count, start = 0, 0
    while start < len(samples):
        end = _end_of(samples, start)
        if 1 < end - start <= largest:
            for n in range(start, end):
                row = samples[n] & mask
                if row < first or row >= last:
                    continue
                for other in range(n + 1, end):
                    if samples[other] & mask != row:
                        met[count] = row << uint64(32) | (samples[other] & mask)
                        count += 1
        start = end
    return count


@njit(cache=True, nogil=True)
def _enough(met, kept, share):
    """Return the pairs that met often enough for how many samples each has, and their shares."""
    found, shares = np.empty(len(met), np.uint64), np.empty(len(met), np.uint8)
    count, start = 0, 0
    while start < len(met):
        end = start + 1
        while end < len(met) and met[end] == met[start]:
            end += 1
        fewer = min(kept[met[start] >> uint64(32)], kept[met[start] & uint64(0xFFFFFFFF)])
        shared = end - start
        if shared >= share * fewer and (shared > 1 or fewer <= 3):
            found[count] = met[start]
            shares[count] = min(100, 100 * shared // max(1, fewer))
            count += 1
        start = end
    return found[:count].copy(), shares[:count].copy()


@njit(cache=True, nogil=True)
def keep_only(samples, is_kept):
    """Move the samples of rows that are kept to the front; return how many."""
    mask = uint64((1 << ROW_BITS) - 1)
    count = 0
    for n in range(len(samples)):
        if is_kept[samples[n] & mask]:
            samples[count] = samples[n]
            count += 1
    return count
