"""The same numbers as `pipeline.publish.keys`, by a compiled pass over UTF-8 bytes.

Characters that fold to one character, or to none that counts, are read from a table; a text with
any other (combining marks, ligatures, digits of other scripts) is left to Python. Importing this
loads numba; nothing but `keys` does.
"""

# numba gives the compiled functions their types.
# mypy: disallow-untyped-defs=False, check-untyped-defs=False
import unicodedata

import numba
import numpy
import pyarrow

from pipeline.curate.normalise import fold, keeps, key
from pipeline.publish.keys import MULTIPLIER, Numbers, number_of

_TABLE_SIZE = 0x20000
_EMOJI = range(0x1F300, 0x1FB00)
_COMPLEX, _SILENT = -1, 1
_IDEOGRAPHS = (0x20000, 0x2A6DF)
"""Beyond the table: each folds to itself."""

_P = numpy.uint64(MULTIPLIER)
_A, _B = numpy.uint64(0xBF58476D1CE4E5B9), numpy.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = numpy.uint64(27), numpy.uint64(30), numpy.uint64(31)
_BAR = numpy.uint64(ord("|"))


def keys_of(texts: pyarrow.ChunkedArray) -> Numbers:
    """Return the number of each text's key, in order."""
    folded, kept = tables()
    parts = []
    for chunk in texts.chunks:
        column = chunk.cast(pyarrow.large_string())
        _, places, data = column.buffers()
        offsets = numpy.frombuffer(places, numpy.int64)[
            column.offset : column.offset + len(column) + 1
        ]
        content = numpy.frombuffer(data, numpy.uint8) if data else numpy.zeros(0, dtype=numpy.uint8)
        numbers = numpy.zeros(len(column), dtype=numpy.uint64)
        is_left = numpy.zeros(len(column), dtype=numpy.bool_)
        _read(content, offsets, folded, kept, numbers, is_left)
        for row in numpy.flatnonzero(is_left):
            numbers[row] = number_of(key(column[int(row)].as_py()))
        parts.append(numbers)
    return numpy.concatenate(parts) if parts else numpy.zeros(0, dtype=numpy.uint64)


_tables: list[numpy.ndarray] = []


def tables() -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return what each character folds to (-1: ask Python), and which folded ones count."""
    if not _tables:
        folded = numpy.full(_TABLE_SIZE, _COMPLEX, dtype=numpy.int32)
        kept = numpy.zeros(_TABLE_SIZE, dtype=numpy.bool_)
        for code in (*range(0xD800), *range(0xE000, 0x10000), *_EMOJI):
            folded[code] = _folded(chr(code))
            kept[code] = keeps(chr(code))
        _tables.extend((folded, kept))
    return _tables[0], _tables[1]


def _folded(character: str) -> int:
    """Return the one character that this folds to, _SILENT for several that do not count."""
    if unicodedata.category(character)[0] == "M" or _is_jamo(character):
        return _COMPLEX  # It may join the character before it.
    text = fold(character)
    if character in "⁰¹²³⁴⁵⁶⁷⁸⁹" or any(_is_unclear(c) for c in text):
        return _COMPLEX
    if len(text) == 1:
        return ord(text) if ord(text) < _TABLE_SIZE else _COMPLEX
    return _COMPLEX if any(keeps(c) for c in text) else _SILENT


def _is_unclear(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] == "M" or (kind == "Nd" and not character.isascii())


def _is_jamo(character: str) -> bool:
    code = ord(character)
    return 0x1100 <= code < 0x1200 or 0xA960 <= code < 0xA980 or 0xD7B0 <= code < 0xD800


@numba.njit(nogil=True, cache=True, inline="always")
def _mix(number):
    number = number + _P
    number = (number ^ (number >> _S30)) * _A
    number = (number ^ (number >> _S27)) * _B
    return number ^ (number >> _S31)


@numba.njit(nogil=True, cache=True, inline="always")
def _decoded(content, at):
    """Return the character at a byte, and how many bytes it takes."""
    first = content[at]
    if first < 0x80:
        return numpy.int64(first), 1
    if first < 0xE0:
        return (numpy.int64(first) & 0x1F) << 6 | (numpy.int64(content[at + 1]) & 0x3F), 2
    if first < 0xF0:
        code = (numpy.int64(first) & 0x0F) << 12 | (numpy.int64(content[at + 1]) & 0x3F) << 6
        return code | (numpy.int64(content[at + 2]) & 0x3F), 3
    code = (numpy.int64(first) & 0x07) << 18 | (numpy.int64(content[at + 1]) & 0x3F) << 12
    code |= (numpy.int64(content[at + 2]) & 0x3F) << 6
    return code | (numpy.int64(content[at + 3]) & 0x3F), 4


@numba.njit(nogil=True, cache=True)
def _read(content, offsets, folded, kept, numbers, is_left):
    """Fill in the number of each text, and which texts are left to Python."""
    for row in range(len(numbers)):
        at, end = offsets[row], offsets[row + 1]
        letters, values = numpy.uint64(0), numpy.uint64(0)
        any_letter, any_number, in_number = False, False, False
        before, separator, sign = numpy.int64(32), numpy.int64(0), False
        while at < end:
            code, size = _decoded(content, at)
            at += size
            if code >= _TABLE_SIZE:
                character = code if 0x20000 <= code <= 0x2A6DF else -1
                counts = True
            else:
                character = numpy.int64(folded[code])
                counts = character >= 0 and kept[character]
            if character < 0:
                is_left[row] = True
                break
            if counts:
                letters = letters * _P + _mix(numpy.uint64(character))
                any_letter = True
            if 48 <= character <= 57:
                if in_number and separator:
                    values = values * _P + _mix(numpy.uint64(separator))
                elif not in_number:
                    if any_number:
                        values = values * _P + _mix(_BAR)
                    if sign:
                        values = values * _P + _mix(numpy.uint64(45))
                values = values * _P + _mix(numpy.uint64(character))
                in_number, any_number, separator, sign = True, True, 0, False
            else:
                is_separator = character in (46, 44, 58, 47)
                if in_number and is_separator and not separator:
                    separator = character
                else:
                    in_number, separator = False, 0
                is_word = 48 <= before <= 57 or 97 <= before <= 122 or 65 <= before <= 90
                sign = character in (45, 0x2212) and not is_word
            before = character
        if not any_letter:
            is_left[row] = True
        numbers[row] = _mix(letters) ^ _mix(values * _P + numpy.uint64(1))
