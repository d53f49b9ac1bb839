"""Reading texts out of Arrow's buffers: folding, their numbers, and rare samples of each text.

No Python string is made. `Tables` are the arrays of `characters()`; scratch buffers are given in.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.near.characters import (
    ASCII,
    DIGIT,
    IDEOGRAPH,
    KEPT,
    LAST_IDEOGRAPH,
    TABLED,
    UPPER,
    WORD,
)

MINUS, MINUS_SIGN = ord("-"), 0x2212
FULL_STOP, COMMA, COLON, SLASH = ord("."), ord(","), ord(":"), ord("/")
ROW_BITS = 24
"""A row's number takes the lower bits of a sample, its hash the upper ones."""


class Tables(NamedTuple):
    """The tables of `characters()`, in the form that compiled code takes."""

    raw: NDArray[np.uint8]
    folded: NDArray[np.int32]
    expanded: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    sounds: NDArray[np.uint16]


class Column(NamedTuple):
    """The texts of a column: row n is `data[offsets[n]:offsets[n + 1]]`, in UTF-8."""

    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]


@njit(cache=True, nogil=True, inline="always")
def kind_of(code, kinds):
    """Return what a folded character counts as."""
    if code < TABLED:
        return kinds[code]
    return KEPT | WORD if code <= LAST_IDEOGRAPH else KEPT


@njit(cache=True, nogil=True)
def decode(data, place):
    """Return the character that starts at a place of valid UTF-8, and the place after it."""
    first = np.int32(data[place])
    if first < 0x80:
        return first, place + 1
    second = np.int32(data[place + 1]) & 0x3F
    if first < 0xE0:
        return (first & 0x1F) << 6 | second, place + 2
    third = np.int32(data[place + 2]) & 0x3F
    if first < 0xF0:
        return (first & 0x0F) << 12 | second << 6 | third, place + 3
    return (first & 0x07) << 18 | second << 12 | third << 6 | (data[place + 3] & 0x3F), place + 4


@njit(cache=True, nogil=True)
def fold_text(column, row, tables, out, upper):
    """Write the folded characters of a row to `out`, and which were upper case to `upper`.

    Returns how many there are. Marks are not joined with the character before them.
    """
    place, stop, count = column.offsets[row], column.offsets[row + 1], 0
    while place < stop:
        code, place = decode(column.data, place)
        if code >= TABLED:
            out[count], upper[count] = code, 0
            count += 1
            continue
        is_upper, folded = tables.raw[code] & UPPER, tables.folded[code]
        if folded >= 0:
            out[count], upper[count] = folded, is_upper
            count += 1
            continue
        for n in range(tables.expanded[-folded]):
            out[count], upper[count] = tables.expanded[-folded + 1 + n], is_upper
            count += 1
    return count


@njit(cache=True, nogil=True, inline="always")
def may_start_number(code, kinds):
    """Say whether a number may start with a character: cheaper than looking for its end."""
    return (kind_of(code, kinds) & DIGIT) != 0 or code in (MINUS, MINUS_SIGN)


@njit(cache=True, nogil=True, inline="always")
def number_end(folded, start, count, kinds):
    """Return where the number that starts at a place ends, `start` itself where none does."""
    place = start
    if folded[place] == MINUS or folded[place] == MINUS_SIGN:
        if start > 0 and kind_of(folded[start - 1], kinds) & ASCII:
            return start
        place += 1
    if place >= count or not kind_of(folded[place], kinds) & DIGIT:
        return start
    while place < count:
        code = folded[place]
        is_joint = code in (FULL_STOP, COMMA, COLON, SLASH)
        if kind_of(code, kinds) & DIGIT:
            place += 1
        elif is_joint and place + 1 < count and kind_of(folded[place + 1], kinds) & DIGIT:
            place += 2
        else:
            break
    return place


@njit(cache=True, nogil=True)
def letters_of(folded, count, kinds, out):
    """Write what of a folded text stands in its key to `out`; return how many characters."""
    size = 0
    for n in range(count):
        if kind_of(folded[n], kinds) & KEPT:
            out[size] = folded[n]
            size += 1
    return size


@njit(cache=True, nogil=True)
def numbers_of(folded, count, kinds):
    """Return a hash of a folded text's numbers in any order, and in its lowest byte how many."""
    place, numbers, found = 0, uint64(0), 0
    while place < count:
        end = place
        if may_start_number(folded[place], kinds):
            end = number_end(folded, place, count, kinds)
        if end == place:
            place += 1
            continue
        numbers += number_hash(folded, place, end)
        found += 1
        place = end
    return (numbers & ~uint64(0xFF)) | uint64(min(found, 255))


@njit(cache=True, nogil=True, inline="always")
def mixed(value):
    """Spread the bits of a hash (the finaliser of MurmurHash3, 64 bit)."""
    value ^= value >> uint64(33)
    value *= uint64(0xFF51AFD7ED558CCD)
    value ^= value >> uint64(33)
    value *= uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@njit(cache=True, nogil=True, inline="always")
def hashed(value, code):
    """Take one more character into a hash."""
    value = (value ^ uint64(code)) * uint64(0xD6E8FEB86659FD93)
    return value ^ (value >> uint64(32))


@njit(cache=True, nogil=True, inline="always")
def hash_codes(codes, start, stop):
    """Return a 64-bit hash of characters."""
    value = uint64(0x9E3779B97F4A7C15)
    for n in range(start, stop):
        value = hashed(value, codes[n])
    return mixed(value ^ uint64(stop - start))


@njit(cache=True, nogil=True)
def number_hash(folded, start, end):
    """Return the hash of a number, in which commas between thousands do not count."""
    value, size = uint64(0x9E3779B97F4A7C15), 0
    for n in range(start, end):
        if folded[n] != COMMA:
            value = hashed(value, folded[n])
            size += 1
    return mixed(value ^ uint64(size))


@njit(cache=True, nogil=True)
def ideographs_in(codes, count, kinds):
    """Return how many characters are words of their own."""
    found = 0
    for n in range(count):
        if kind_of(codes[n], kinds) & IDEOGRAPH:
            found += 1
    return found


@njit(cache=True, nogil=True)
def sample(letters, count, size, wanted, out):
    """Write hashes of about `wanted` runs of `size` letters to `out`; return how many.

    A run is taken by its own hash, so that two texts which share runs take the same ones.
    """
    if count == 0:
        return 0
    if count <= size:
        out[0] = hash_codes(letters, 0, count)
        return 1
    base = uint64(0x100000001B3)
    oldest = uint64(1)
    for _ in range(size - 1):
        oldest *= base
    runs = count - size + 1
    limit = uint64(0xFFFFFF) if runs <= wanted else uint64(wanted / runs * 0x1000000)
    rolled, taken = uint64(0), 0
    for n in range(count):
        if n >= size:
            rolled -= oldest * uint64(letters[n - size] + 1)
        rolled = rolled * base + uint64(letters[n] + 1)
        if n >= size - 1:
            value = mixed(rolled)
            if (value & uint64(0xFFFFFF)) <= limit:
                if taken == len(out):
                    return taken
                out[taken] = value
                taken += 1
    return taken
