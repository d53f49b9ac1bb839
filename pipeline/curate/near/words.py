"""The words of a text, one column of numbers each: hash, kind, place."""

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.near.characters import DIGIT, IDEOGRAPH, WORD
from pipeline.curate.near.lexicon import (
    CAPITAL,
    CHARACTER,
    DIGITS,
    NEGATION,
    NUMBER,
    PLAIN,
    hash_word,
    look_up,
)
from pipeline.curate.near.reading import kind_of, may_start_number, number_end, number_hash

HASH, KIND, START, END, STATE = range(5)
"""Rows of the array that holds the words of a text; a column a word."""
MOST_WORDS = 4096
"""Longer texts are compared up to so many words."""


def new_words() -> NDArray[np.int64]:
    """Return room for the words of one text, (5, MOST_WORDS); the next text overwrites it.

    One array for all, as compiled code counts references each time it takes one from a tuple.
    """
    return np.zeros((5, MOST_WORDS), np.int64)


@njit(cache=True, nogil=True)
def _is_plain(folded, start, end, count, known, kinds):
    """Say whether a negating character is part of a word that negates nothing, as in 差不多."""
    for first in range(max(0, start - 2), start + 1):
        for last in range(end, min(count, start + 3) + 1):
            if last - first < 2:
                continue
            place = look_up(hash_word(folded, first, last), known)
            if place >= 0 and kinds[place] & PLAIN:
                return True
    return False


@njit(cache=True, nogil=True)
def _starts_sentence(folded, start):
    place = start - 1
    while place >= 0 and (folded[place] == 32 or folded[place] == 34 or folded[place] == 40):
        place -= 1
    if place < 0:
        return True
    code = folded[place]
    return code == 46 or code == 33 or code == 63 or code == 10 or code == 58 or code == 0x3002


@njit(cache=True, nogil=True, inline="always")
def _word_end(folded, start, count, kinds):
    """Return where the word that starts at a place ends, `start` itself where none does."""
    kind = kind_of(folded[start], kinds)
    if kind & IDEOGRAPH or folded[start] == 0x25 or folded[start] == 0x23:  # % and #
        return start + 1
    end = start
    while end < count and kind_of(folded[end], kinds) & WORD:
        end += 1
    return end


@njit(cache=True, nogil=True)
def split_words(folded, upper, count, kinds, lexicon, words):
    """Write the words of a folded text to `words` and return how many (at most MOST_WORDS).

    An ideograph is a word; digits are a number, also before letters ("5mg"); other letters and
    digits in a row are a word, as in `normalise.tokens`. A capital counts where no sentence starts.
    """
    # Out of the tuple once: each access would count references, which costs more than the work.
    known, known_kinds, numbers = lexicon.hashes, lexicon.kinds, lexicon.numbers
    found, place = 0, 0
    while place < count and found < MOST_WORDS:
        end = place
        if may_start_number(folded[place], kinds):
            end = number_end(folded, place, count, kinds)
        if end > place:
            value = np.int64(number_hash(folded, place, end) | uint64(1))
            words[HASH, found], words[KIND, found] = value, NUMBER
        else:
            end = _word_end(folded, place, count, kinds)
            if end == place:
                place += 1
                continue
            value, kind = hash_word(folded, place, end), 0
            entry = look_up(value, known)
            if entry >= 0:
                kind = known_kinds[entry]
                if numbers[entry]:
                    value = numbers[entry]
                if kind & NEGATION and _is_plain(folded, place, end, count, known, known_kinds):
                    kind &= ~NEGATION
            kind |= _form(folded, upper, place, end, kinds)
            words[HASH, found], words[KIND, found] = value, kind
        words[START, found], words[END, found] = place, end
        found, place = found + 1, end
    return found


@njit(cache=True, nogil=True)
def _form(folded, upper, start, end, kinds):
    """Return what a word is by its form."""
    kind = 0
    if upper[start] and not _starts_sentence(folded, start):
        kind |= CAPITAL
    if kind_of(folded[start], kinds) & IDEOGRAPH:
        return kind | CHARACTER
    for n in range(start, end):
        if kind_of(folded[n], kinds) & DIGIT:
            return kind | DIGITS
    return kind
