"""Whether two different words are meant to be one: mistyped, with another ending, or by sound."""

from numba import njit, uint64

from pipeline.curate.near.lexicon import (
    CAPITAL,
    CHARACTER,
    DIGITS,
    FUNCTION,
    NUMBER,
    NUMERAL,
    PRONOUN,
)
from pipeline.curate.near.words import END, HASH, KIND, START

_SHORTEST, _LONGEST = 4, 40
_SHORTEST_TWICE = 6
"""From so many letters on, two mistakes may be in a word."""
_SHORTEST_CLOSE = 5


@njit(cache=True, nogil=True)
def distance(one, start, size, other, start_other, size_other, rows):
    """Return the edits between two short words, neighbours that swapped counting as one
    (Damerau's, restricted). `rows` is scratch, (3, 64)."""
    for k in range(size_other + 1):
        rows[1, k] = k
    for n in range(1, size + 1):
        rows[2, 0] = n
        for k in range(1, size_other + 1):
            is_other = one[start + n - 1] != other[start_other + k - 1]
            best = min(rows[1, k] + 1, rows[2, k - 1] + 1, rows[1, k - 1] + is_other)
            is_swap = n > 1 and k > 1 and one[start + n - 1] == other[start_other + k - 2]
            if is_swap and one[start + n - 2] == other[start_other + k - 1]:
                best = min(best, rows[0, k - 2] + 1)
            rows[2, k] = best
        for k in range(size_other + 1):
            rows[0, k], rows[1, k] = rows[1, k], rows[2, k]
    return rows[1, size_other]


@njit(cache=True, nogil=True)
def sound_same(code, other, sounds):
    """Say whether two Chinese characters share a reading, tones aside."""
    if code >= len(sounds) or other >= len(sounds):
        return False
    for n in range(2):
        for k in range(2):
            if sounds[code, n] != 0 and sounds[code, n] == sounds[other, k]:
                return True
    return False


@njit(cache=True, nogil=True)
def _is_ending(text, start, end):
    """Say whether letters are an ending that leaves the word the same: s, es, d, ed, ly, ing."""
    size = end - start
    if size == 0:
        return True
    first, second = text[start], text[start + 1] if size > 1 else 0
    if size == 1:
        return first == ord("s") or first == ord("d") or first == ord("e")
    if size == 2:
        is_ed = first == ord("e") and (second == ord("s") or second == ord("d"))
        return is_ed or (first == ord("l") and second == ord("y"))
    is_ing = first == ord("i") and second == ord("n") and text[start + 2] == ord("g")
    return size == 3 and (is_ing or (first == ord("i") and second == ord("e")))


@njit(cache=True, nogil=True)
def is_mistyped(one, n, text, other, k, text_other, sounds, word_counts, rows):
    """Say whether word n of `one` and word k of `other` are meant to be the same.

    A mistake is rare; a name that is another name stands in its question and in its answer, so
    that it is counted twice at least.
    """
    start, end, start_other, end_other = one[START, n], one[END, n], other[START, k], other[END, k]
    if (one[KIND, n] | other[KIND, k]) & CHARACTER:
        if (one[KIND, n] | other[KIND, k]) & (FUNCTION | PRONOUN):
            return False
        return sound_same(text[start], text_other[start_other], sounds)
    is_number = (one[KIND, n] | other[KIND, k]) & (DIGITS | NUMBER | NUMERAL)
    if text[start] != text_other[start_other] or is_number:
        return False
    shorter, longer = (
        min(end - start, end_other - start_other),
        max(end - start, end_other - start_other),
    )
    shared = 1
    while shared < shorter and text[start + shared] == text_other[start_other + shared]:
        shared += 1
    is_ending = shared >= 3 and _is_ending(text, start + shared, end)
    if is_ending and _is_ending(text_other, start_other + shared, end_other):
        return True
    if shorter < _SHORTEST or longer > _LONGEST or longer - shorter > 2:
        return False
    last = uint64(len(word_counts) - 1)
    count = word_counts[uint64(one[HASH, n] >> 1) & last]
    count_other = word_counts[uint64(other[HASH, k] >> 1) & last]
    rarer, commoner = min(count, count_other), max(count, count_other)
    if one[KIND, n] & other[KIND, k] & CAPITAL and (rarer > 1 or commoner < 2):
        return False
    size = end - start
    edits = distance(text, start, size, text_other, start_other, end_other - start_other, rows)
    return edits <= 1 or (edits == 2 and shorter >= _SHORTEST_TWICE and rarer <= 2)


@njit(cache=True, nogil=True)
def is_close(one, n, text, other, k, text_other, rows):
    """Say whether two words of letters are at most two edits apart."""
    if (one[KIND, n] | other[KIND, k]) & (CHARACTER | DIGITS | NUMBER | NUMERAL):
        return False
    start, start_other = one[START, n], other[START, k]
    size, size_other = one[END, n] - start, other[END, k] - start_other
    if min(size, size_other) < _SHORTEST_CLOSE or max(size, size_other) > _LONGEST:
        return False
    if text[start] != text_other[start_other] or abs(size - size_other) > 2:
        return False
    return distance(text, start, size, text_other, start_other, size_other, rows) <= 2
