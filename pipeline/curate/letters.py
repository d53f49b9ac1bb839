"""How many letters of each script texts hold, counted over Arrow's UTF-8 without making strings."""

from dataclasses import dataclass

import numpy
import pyarrow


@dataclass(frozen=True, slots=True)
class Letters:
    """Counts per text; each field is an array with one figure a text."""

    han: "numpy.ndarray"
    kana: "numpy.ndarray"
    hangul: "numpy.ndarray"
    latin: "numpy.ndarray"
    other: "numpy.ndarray"
    """Greek, Cyrillic, Arabic, Indic and the like."""
    accented: "numpy.ndarray"
    """Latin letters with a mark; they count as Latin too."""
    digits: "numpy.ndarray"
    spaces: "numpy.ndarray"
    signs: "numpy.ndarray"
    """Everything else."""
    size: "numpy.ndarray"
    """Bytes."""

    @property
    def scripts(self) -> tuple["numpy.ndarray", ...]:
        """What a language is told by."""
        return self.han, self.kana, self.hangul, self.latin, self.other, self.accented

    @property
    def total(self) -> "numpy.ndarray":
        """Letters of any script."""
        total: numpy.ndarray = self.han + self.kana + self.hangul + self.latin + self.other
        return total

    @property
    def kinds(self) -> "numpy.ndarray":
        """What a length in tokens is estimated from: one row a text."""
        wide = self.han + self.kana + self.hangul
        rest = self.other + self.signs
        return numpy.stack([wide, self.latin, self.digits, rest, self.spaces], axis=1)


def _table() -> "numpy.ndarray":
    """Say of each byte what it starts: 0 nothing, then the fields of Letters in their order."""
    table = numpy.zeros(256, dtype=numpy.uint8)
    table[0x21:0x7F] = _SIGN
    table[0x30:0x3A] = _DIGIT
    table[0x41:0x5B] = table[0x61:0x7B] = _LATIN
    table[[0x09, 0x0A, 0x0D, 0x20]] = _SPACE
    table[0xC2] = _SIGN
    table[0xC3:0xCA] = _ACCENTED
    table[0xCA:0xF5] = _OTHER
    table[0xE1:0xF5] = _SIGN
    table[0xE4:0xEA] = _HAN
    table[0xEA:0xEE] = _HANGUL
    return table


_HAN, _KANA, _HANGUL, _LATIN, _OTHER, _ACCENTED, _DIGIT, _SPACE, _SIGN = range(1, 10)
_STARTS = _table()


def count(texts: pyarrow.Array) -> Letters:
    """Count the letters of each text; a null counts as empty."""
    texts = texts.cast(pyarrow.large_string()) if texts.type != pyarrow.large_string() else texts
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = numpy.frombuffer(offsets_buffer, dtype=numpy.int64)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1]
    if data_buffer is None or not len(texts) or offsets[-1] == offsets[0]:
        zeros = numpy.zeros(len(texts), dtype=numpy.int64)
        return Letters(*(zeros for _ in range(10)))
    data = numpy.frombuffer(data_buffer, dtype=numpy.uint8)[offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    kinds = _STARTS[data]
    _three_bytes(data, kinds)
    found = [_per_text(kinds == kind, offsets) for kind in range(1, 10)]
    han, kana, hangul, latin, other, accented, digits, spaces, signs = found
    return Letters(
        han, kana, hangul, latin + accented, other, accented, digits, spaces, signs,
        numpy.diff(offsets),
    )  # fmt: skip


def _three_bytes(data: "numpy.ndarray", kinds: "numpy.ndarray") -> None:
    """Tell apart what starts with E3 and EF: kana and rare characters, marks and wide letters."""
    for place in (numpy.flatnonzero(data == 0xE3), numpy.flatnonzero(data == 0xEF)):
        if not len(place):
            continue
        second = data[numpy.minimum(place + 1, len(data) - 1)]
        if data[place[0]] == 0xE3:
            kinds[place] = numpy.where(
                second >= 0x90, _HAN, numpy.where(second >= 0x81, _KANA, _SIGN)
            )
        else:
            kinds[place] = numpy.where((second >= 0xA4) & (second <= 0xAB), _HAN, _SIGN)


def _per_text(is_kind: "numpy.ndarray", offsets: "numpy.ndarray") -> "numpy.ndarray":
    starts, ends = offsets[:-1], offsets[1:]
    last = len(is_kind) - 1
    sums = numpy.add.reduceat(is_kind, numpy.minimum(starts, last), dtype=numpy.int64)
    # For an empty text reduceat gives the byte that comes next.
    return numpy.where(starts == ends, 0, sums)
