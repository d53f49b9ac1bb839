"""The numbers of `pipeline.curate.key_numbers`, by a compiled pass over UTF-8 bytes.

Characters that fold to one character, or to none that counts, are read from a table; a text with
any other (combining marks, ligatures, digits of other scripts) is left to Python.
"""

import string
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numba
import numpy
import pyarrow

from pipeline.curate.key_numbers import MULTIPLIER, Numbers, mixed, number_of
from pipeline.curate.near.reading import decode
from pipeline.curate.normalise import fold, keeps, key

_TABLE_SIZE = 0x20000
_EMOJI = range(0x1F300, 0x1FB00)
_COMPLEX, _SILENT = -1, 1
_FIRST_IDEOGRAPH, _LAST_IDEOGRAPH = 0x20000, 0x2A6DF
"""Beyond the table: each folds to itself."""
_OTHER, _WORD, _DIGIT, _SEPARATOR, _SIGN, _UNKNOWN = range(6)
"""What a character is to the numbers of a text."""

Array = numpy.ndarray[tuple[int], Any]
_P = numpy.uint64(MULTIPLIER)
_A, _B = numpy.uint64(0xBF58476D1CE4E5B9), numpy.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = numpy.uint64(27), numpy.uint64(30), numpy.uint64(31)
_BAR, _MINUS = numpy.uint64(ord("|")), numpy.uint64(ord("-"))


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What each character up to `_TABLE_SIZE` is."""

    folded: Array
    """The character that it folds to; of no meaning where the kind is unknown."""
    weights: Array
    """What it adds to the number of the letters; 0 where it does not count."""
    kinds: Array


def keys_of(texts: pyarrow.ChunkedArray) -> Numbers:
    """Return the number of each text's key, in order."""
    known = tables()
    parts = [numpy.zeros(0, dtype=numpy.uint64)]
    for chunk in texts.chunks:
        column = chunk.cast(pyarrow.large_string())
        _, places, data = column.buffers()
        offsets = numpy.frombuffer(places, numpy.int64)[column.offset :][: len(column) + 1]
        content = numpy.frombuffer(data or b"", numpy.uint8)
        numbers = numpy.zeros(len(column), dtype=numpy.uint64)
        is_left = numpy.zeros(len(column), dtype=numpy.bool_)
        numbers[:] = number_of(key(""))
        _read(content, offsets, known.folded, known.weights, known.kinds, numbers, is_left)
        for row in numpy.flatnonzero(is_left):
            numbers[row] = number_of(key(column[int(row)].as_py()))
        parts.append(numbers)
    return numpy.concatenate(parts)


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Make the tables, which takes less than a tenth of a second."""
    folded = numpy.full(_TABLE_SIZE, _COMPLEX, dtype=numpy.int64)
    for code in (*range(0xD800), *range(0xE000, 0x10000), *_EMOJI):
        folded[code] = _folded(chr(code))
    kept = numpy.zeros(_TABLE_SIZE, dtype=numpy.bool_)
    for code in numpy.unique(folded[folded > 0]):
        kept[code] = keeps(chr(code))
    weights = mixed(folded.astype(numpy.uint64))
    weights[~kept[folded]] = 0
    kinds = numpy.full(_TABLE_SIZE, _OTHER, dtype=numpy.uint8)
    for kind, characters in (
        (_WORD, string.ascii_letters),
        (_DIGIT, string.digits),
        (_SEPARATOR, ".,:/"),
        (_SIGN, "-−"),
    ):
        kinds[numpy.isin(folded, [ord(character) for character in characters])] = kind
    kinds[folded == _COMPLEX] = _UNKNOWN
    return Tables(folded, weights, kinds)


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


@numba.njit(nogil=True, cache=True)
def _read(content, offsets, folded, weights, kinds, numbers, is_left):
    """Fill in the number of each text that is not empty, and which are left to Python."""
    for row in range(len(numbers)):
        at, end = offsets[row], offsets[row + 1]
        if at == end:
            continue
        letters, values = numpy.uint64(0), numpy.uint64(0)
        any_letter, any_number, in_number = False, False, False
        before, separator, is_signed = _OTHER, numpy.uint64(0), False
        while at < end:
            code = numpy.int64(content[at])
            if code < 0x80:
                at += 1
            else:
                code, at = decode(content, at)
                if code >= _TABLE_SIZE:
                    if code < _FIRST_IDEOGRAPH or code > _LAST_IDEOGRAPH:
                        is_left[row] = True
                        break
                    letters = letters * _P + _mix(numpy.uint64(code))
                    any_letter = True
                    before, in_number, separator, is_signed = _OTHER, False, numpy.uint64(0), False
                    continue
            kind, weight = kinds[code], weights[code]
            if weight != 0:
                letters = letters * _P + weight
                any_letter = True
            if kind == _DIGIT:
                if not in_number:
                    if any_number:
                        values = values * _P + _mix(_BAR)
                    if is_signed:
                        values = values * _P + _mix(_MINUS)
                elif separator != 0:
                    values = values * _P + _mix(separator)
                values = values * _P + weight
                in_number, any_number, separator, is_signed = True, True, numpy.uint64(0), False
            elif kind <= _WORD:
                in_number, separator, is_signed = False, numpy.uint64(0), False
            elif kind == _UNKNOWN:
                is_left[row] = True
                break
            else:
                if kind == _SEPARATOR and in_number and separator == 0:
                    separator = numpy.uint64(folded[code])
                else:
                    in_number, separator = False, numpy.uint64(0)
                is_signed = kind == _SIGN and before != _WORD and before != _DIGIT
            before = kind
        if not any_letter:
            is_left[row] = True
        numbers[row] = _mix(letters) ^ _mix(values * _P + numpy.uint64(1))
