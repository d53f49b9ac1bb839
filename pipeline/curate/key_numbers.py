"""The number of a key: 64 bits that two texts share when they have the same key.

That two others share one is a matter of one in 10^19. The same on every machine.
"""

from typing import cast

import numpy

Numbers = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]
MULTIPLIER = 0x9E3779B97F4A7C15 | 1
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_NO_NUMBERS = 0x5851F42D4C957F2D
_MASK = (1 << 64) - 1
_LONGEST = 4096
_POWERS = numpy.array([pow(MULTIPLIER, n, 1 << 64) for n in range(_LONGEST)], dtype=numpy.uint64)


def together(first: Numbers, second: Numbers) -> Numbers:
    """Return one number for two: a question and its context, a dataset and an answer."""
    return mixed(first + numpy.uint64(MULTIPLIER) * mixed(second))


def mixed(numbers: Numbers) -> Numbers:
    """Spread numbers over all 64 bits (the finaliser of splitmix64)."""
    spread = numbers + numpy.uint64(MULTIPLIER)
    spread = (spread ^ (spread >> numpy.uint64(30))) * numpy.uint64(_MIX_1)
    spread = (spread ^ (spread >> numpy.uint64(27))) * numpy.uint64(_MIX_2)
    return spread ^ (spread >> numpy.uint64(31))


def number_of(text: str) -> int:
    """Return the number of a key: of its letters, and of its numbers where it has that part."""
    letters, found, numbers = text.partition("\x1f")
    of_numbers = _polynomial(numbers) if found else _NO_NUMBERS
    return combined(_polynomial(letters), of_numbers)


def combined(letters: int, numbers: int) -> int:
    """Join the two halves of a key's number."""
    return _mix(letters) ^ _mix((numbers * MULTIPLIER + 1) & _MASK)


def _polynomial(text: str) -> int:
    codes = mixed(numpy.frombuffer(text.encode("utf-32-le"), "<u4").astype(numpy.uint64))
    total = 0
    for start in range(0, len(codes), _LONGEST):
        part = codes[start : start + _LONGEST]
        value = int((part * _POWERS[: len(part)][::-1]).sum(dtype=numpy.uint64))
        total = (total * pow(MULTIPLIER, len(part), 1 << 64) + value) & _MASK
    return total


def _mix(number: int) -> int:
    return cast("int", mixed(numpy.array([number], dtype=numpy.uint64))[0].item())
