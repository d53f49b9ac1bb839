"""What each Unicode character counts as, in tables that the compiled parts index.

The same rules as `pipeline.curate.normalise`, which stays their definition, but character by
character: marks are not joined with the character before them.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pypinyin.pinyin_dict import pinyin_dict

from pipeline.curate import normalise

TABLED = 0x20000
"""Characters from here on are rare ideographs, which count as letters."""
LAST_IDEOGRAPH = 0x2A6DF
UPPER = 1
"""Of a raw character: it is an upper-case letter."""
KEPT, DIGIT, ASCII, IDEOGRAPH, WORD, SPACE = 1, 2, 4, 8, 16, 32
"""Of a folded character: stands in the key; a decimal digit; one of 0-9 a-z; a word of its own;
part of a word; white space."""
_SOUNDS = 2


@dataclass(frozen=True, slots=True)
class Characters:
    """The tables, each indexed by code point."""

    raw: NDArray[np.uint8]
    folded: NDArray[np.int32]
    """The folded character; a negative one is minus an offset into `expanded`."""
    expanded: NDArray[np.int32]
    """At an offset: how many characters follow, then they."""
    kinds: NDArray[np.uint8]
    sounds: NDArray[np.uint16]
    """(code point, 2): the first two readings of a Chinese character without their tones, or 0."""


@cache
def characters() -> Characters:
    """Return the tables; made once a process, in about a third of a second."""
    raw = np.zeros(TABLED, np.uint8)
    folded = np.arange(TABLED, dtype=np.int32)
    expanded = [0]
    for code in range(TABLED):
        character = chr(code)
        if 0xD800 <= code <= 0xDFFF or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3:
            continue
        if unicodedata.category(character) in ("Lu", "Lt"):
            raw[code] |= UPPER
        result = normalise.fold(normalise.raised(character))
        if len(result) == 1:
            folded[code] = ord(result)
        else:
            folded[code] = -len(expanded)
            expanded += [len(result), *map(ord, result)]
    return Characters(raw, folded, np.array(expanded, np.int32), _kinds(), _sounds())


def _kinds() -> NDArray[np.uint8]:
    kinds = np.zeros(TABLED, np.uint8)
    for code in range(TABLED):
        character, kind = chr(code), 0
        if normalise.keeps(character):
            kind |= KEPT
        if character.isdecimal():
            kind |= DIGIT
        if character.isascii() and character.isalnum():
            kind |= ASCII
        if character.isspace():
            kind |= SPACE
        if normalise.is_ideograph(code):
            kind |= IDEOGRAPH
        elif character.isalnum() or character == "_":
            kind |= WORD
        kinds[code] = kind
    return kinds


def _sounds() -> NDArray[np.uint16]:
    """Return the toneless readings of Chinese characters, as numbers; from pypinyin's table."""
    numbers: dict[str, int] = {}
    sounds = np.zeros((TABLED, _SOUNDS), np.uint16)
    tones = {0x300: None, 0x301: None, 0x304: None, 0x30C: None}
    for code, readings in pinyin_dict.items():
        if code >= TABLED:
            continue
        plain = dict.fromkeys(
            unicodedata.normalize("NFD", reading).translate(tones)
            for reading in readings.split(",")
        )
        for place, reading in enumerate(list(plain)[:_SOUNDS]):
            sounds[code, place] = numbers.setdefault(reading, len(numbers) + 1)
    return sounds
