"""What stands in a gap that the alignment of two texts leaves, on one side or on both.

A gap is the words from `n` to `end` of a side (of the other side, from `k` to `end_other`); those
without a partner in it are what counts.
"""

from numba import njit

from pipeline.curate.near.alignment import GONE
from pipeline.curate.near.lexicon import (
    ARTICLE,
    CHARACTER,
    DATE,
    DIGITS,
    FUNCTION,
    LONGEST_NAME,
    NUMBER,
    NUMERAL,
    hash_word,
    look_up,
)
from pipeline.curate.near.words import END, HASH, KIND, START, STATE

LONGEST_GAP = 8
"""In longer gaps no word is taken for another one mistyped, nor for a name."""


@njit(cache=True, nogil=True)
def is_same_run(one, n, end, text, other, k, end_other, text_other):
    """Say whether two runs of words have the same letters, differently spaced."""
    size = 0
    for place in range(n, end):
        size += one[END, place] - one[START, place]
    for place in range(k, end_other):
        size -= other[END, place] - other[START, place]
    if size != 0:
        return False
    letter = other[START, k]
    for place in range(n, end):
        for at in range(one[START, place], one[END, place]):
            while letter >= other[END, k]:
                k += 1
                letter = other[START, k]
            if text[at] != text_other[letter]:
                return False
            letter += 1
    return True


@njit(cache=True, nogil=True)
def only_word(side, n, end):
    """Return the place of the only word without partner in a gap, -1 where there are more."""
    found = -1
    for place in range(n, end):
        if side[STATE, place] == GONE and not side[KIND, place] & FUNCTION:
            if found >= 0:
                return -1
            found = place
    return found


@njit(cache=True, nogil=True)
def kinds_in(side, n, end):
    """Return the kinds of the words of a gap that have no partner, all together."""
    kinds = 0
    for place in range(n, end):
        if side[STATE, place] == GONE:
            kinds |= side[KIND, place]
    return kinds


@njit(cache=True, nogil=True)
def count_of(side, n, end, kind):
    """Return how many words of a gap without partner are of a kind."""
    found = 0
    for place in range(n, end):
        if side[STATE, place] == GONE and side[KIND, place] & kind:
            found += 1
    return found


@njit(cache=True, nogil=True)
def meaningful(side, n, end):
    """Return how many words of a gap without partner have a meaning."""
    found = 0
    for place in range(n, end):
        if side[STATE, place] == GONE and not side[KIND, place] & FUNCTION:
            found += 1
    return found


@njit(cache=True, nogil=True)
def has_number(side, n, end):
    """Say whether a number without partner stands in a gap, in digits, letters or within a word."""
    for place in range(n, end):
        kind = side[KIND, place]
        if side[STATE, place] == GONE and kind & (NUMBER | DIGITS | NUMERAL) and not kind & ARTICLE:
            return True
    return False


@njit(cache=True, nogil=True)
def is_date_near(side, n, end, count):
    """Say whether a word of a date stands in a gap or right beside it."""
    for place in range(max(0, n - 1), min(count, end + 1)):
        if side[KIND, place] & DATE:
            return True
    return False


@njit(cache=True, nogil=True)
def are_opposites(one, n, end, other, k, end_other, hashes, groups):
    """Say whether a word of a gap stands against its opposite: before, after."""
    if end == n or end_other == k:
        return False
    found = _groups_in(one, n, end, hashes, groups)
    return found != 0 and (found & _groups_in(other, k, end_other, hashes, groups)) != 0


@njit(cache=True, nogil=True)
def _groups_in(side, n, end, hashes, groups):
    found = 0
    for place in range(n, end):
        if side[STATE, place] == GONE:
            entry = look_up(side[HASH, place], hashes)
            if entry >= 0:
                found |= groups[entry]
    return found


@njit(cache=True, nogil=True)
def are_names(one, n, end, n_one, text, other, k, end_other, n_other, text_other, names):
    """Say whether a Chinese name stands against another in a gap."""
    if end - n > LONGEST_GAP or end_other - k > LONGEST_GAP or end == n or end_other == k:
        return False
    if not _has_name(one, n, end, n_one, text, names):
        return False
    return _has_name(other, k, end_other, n_other, text_other, names)


@njit(cache=True, nogil=True)
def _has_name(side, n, end, count, text, names):
    """Say whether a dictionary's name runs over a word of a gap that has no partner."""
    for place in range(n, end):
        if side[STATE, place] != GONE or not side[KIND, place] & CHARACTER:
            continue
        for first in range(max(0, place - LONGEST_NAME + 1), place + 1):
            start = side[START, first]
            for last in range(max(place, first + 1), min(count, first + LONGEST_NAME)):
                if side[END, last] - start != last - first + 1:
                    break  # Something stands between, or a word is no single character.
                if look_up(hash_word(text, start, side[END, last]), names) >= 0:
                    return True
    return False
