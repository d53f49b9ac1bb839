"""The longest common subsequence of two texts, word by word, and which words only moved.

Bit-parallel LCS with the way back (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004;
the way back as in rapidfuzz).
"""

from typing import NamedTuple

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.near.words import HASH, MOST_WORDS, STATE

ALIGNED, GONE, MOVED, EDITED = 0, 1, 2, 3
"""The state of a word: it has its partner, none, one elsewhere, or one that is nearly it."""
_MOST_MOVED = 256
_SLOTS = 2 * MOST_WORDS
_BLOCKS = MOST_WORDS // 64


class Scratch(NamedTuple):
    """What the alignment works in; overwritten each time."""

    slots: NDArray[np.int64]
    masks: NDArray[np.uint64]
    rows: NDArray[np.uint64]
    edits: NDArray[np.int64]


def new_scratch() -> Scratch:
    """Return room for one alignment."""
    return Scratch(
        np.zeros(_SLOTS, np.int64),
        np.zeros((_SLOTS, _BLOCKS), np.uint64),
        np.zeros((MOST_WORDS, _BLOCKS), np.uint64),
        np.zeros((3, 64), np.int64),
    )


@njit(cache=True, nogil=True)
def align(one, n_one, other, n_other, scratch):
    """Mark each word ALIGNED or GONE and return how many are aligned.

    `one` and `other` are the words of two texts, as `words.split_words` writes them.
    """
    _fill(one, n_one, other, n_other, scratch.slots, scratch.masks, scratch.rows)
    return _trace(one, n_one, other, n_other, scratch.rows)


@njit(cache=True, nogil=True)
def _slot(slots, word):
    """Return the place of a word in the table of a text's words, or a free one."""
    last = len(slots) - 1
    place = (word >> 1) & last
    while slots[place] != 0 and slots[place] != word:
        place = (place + 1) & last
    return place


@njit(cache=True, nogil=True)
def _fill(one, n_one, other, n_other, slots, masks, rows):
    """Write for each word of `other` the bit vector of the subsequence so far."""
    blocks = (n_one + 63) // 64
    for n in range(n_one):
        place = _slot(slots, one[HASH, n])
        slots[place] = one[HASH, n]
        masks[place, n // 64] |= uint64(1) << uint64(n % 64)
    for row in range(n_other):
        place = _slot(slots, other[HASH, row])
        carry = uint64(0)
        for block in range(blocks):
            before = ~uint64(0) if row == 0 else rows[row - 1, block]
            both = before & masks[place, block]
            total = before + both
            carried = uint64(total < before)
            total += carry
            carry = carried | uint64(total < carry)
            rows[row, block] = total | (before - both)
    for n in range(n_one):  # Leave the table as it was found: empty.
        masks[_slot(slots, one[HASH, n]), :blocks] = 0
    _clear(one, n_one, slots)


@njit(cache=True, nogil=True)
def _clear(one, n_one, slots):
    last = len(slots) - 1
    for n in range(n_one):
        place = (one[HASH, n] >> 1) & last
        while slots[place] != 0:
            slots[place] = 0
            place = (place + 1) & last


@njit(cache=True, nogil=True)
def _trace(one, n_one, other, n_other, rows):
    """Mark the words of the longest common subsequence; return its length."""
    one[STATE, :n_one] = GONE
    other[STATE, :n_other] = GONE
    column, row, common = n_one, n_other, 0
    while row and column:
        bit = uint64(1) << uint64((column - 1) % 64)
        block = (column - 1) // 64
        if rows[row - 1, block] & bit:
            column -= 1
            continue
        row -= 1
        if row and not rows[row - 1, block] & bit:
            continue
        column -= 1
        one[STATE, column], other[STATE, row] = ALIGNED, ALIGNED
        common += 1
    return common


@njit(cache=True, nogil=True)
def mark_moved(one, n_one, other, n_other):
    """Mark words without a partner that stand in the other text elsewhere; return how many."""
    moved, looked = 0, 0
    for n in range(n_one):
        if one[STATE, n] != GONE:
            continue
        looked += 1
        if looked > _MOST_MOVED:
            break
        for k in range(n_other):
            if other[HASH, k] == one[HASH, n] and other[STATE, k] == GONE:
                one[STATE, n], other[STATE, k] = MOVED, MOVED
                moved += 1
                break
    return moved
