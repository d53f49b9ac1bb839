"""A stretch of pairs' texts as two planes of bytes, and finding a text in them.

Texts are UTF-16 units, folded one by one, all low bytes in one plane and all high bytes in the
other. A search compares whole arrays of low bytes with the two rarest of its own and looks at the
rest only where both agree; that is exact, for any script, and needs no words. Knows no database.
"""

import logging
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Units = npt.NDArray[np.uint16]

EDGE = "\0"
"""Stands after each text; nothing with it in it is ever found."""
_NUMBERS = ("id", "question_length", "answer_length")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some thousand pairs: where each one's texts start in the planes, and which still stand."""

    ids: Ints
    question_length: Ints
    answer_length: Ints
    starts: Ints
    low: Bytes
    high: Bytes
    stands: Flags

    def holding(self, wanted: Units, counts: Ints) -> Ints:
        """Return the ids of the pairs that stand and hold the folded units.

        `counts` says how common each low byte is.
        """
        return self.ids[_rows(self, wanted, counts) & self.stands]


def segment_of(rows: pyarrow.RecordBatch, file: BinaryIO) -> Segment:
    """Make a segment of rows (id, question_length, answer_length, text), its planes in `file`.

    A text is question and answer with an EDGE after each, the lengths are theirs in characters.
    """
    # Copies: a view would hold the whole batch with its texts in memory.
    ids, question, answer = (rows[name].to_numpy().copy() for name in _NUMBERS)
    units, starts = _units(rows, question + answer + 2 * len(EDGE))
    low, high = (units & 255).astype(np.uint8), (units >> 8).astype(np.uint8)
    planes = _mapped(np.concatenate([low, high]), file)
    return Segment(
        ids=ids,
        question_length=question,
        answer_length=answer,
        starts=starts,
        low=planes[: len(low)],
        high=planes[len(low) :],
        stands=np.ones(len(ids), np.bool_),
    )


def folded(text: str) -> Units:
    """Return a text as the UTF-16 units that searching compares."""
    return _folds()[np.frombuffer(text.encode("utf-16-le"), np.uint16)]


@cache
def _folds() -> Units:
    """The fold of every UTF-16 unit; halves of a surrogate pair stay as they are."""
    table = np.arange(65_536, dtype=np.uint16)
    for unit in (*range(0xD800), *range(0xE000, 65_536)):
        once = unicodedata.normalize("NFKC", chr(unit)).casefold()
        fold = unicodedata.normalize("NFKC", once)
        if len(fold) == 1 and ord(fold) < 65_536 and fold != EDGE:
            table[unit] = ord(fold)
    return table


def _units(rows: pyarrow.RecordBatch, characters: Ints) -> tuple[Units, Ints]:
    """Return the folded units of the texts, one after another, and where each pair's start.

    `characters` says how many each text has.
    """
    texts = rows["text"].cast(pyarrow.large_string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    utf8 = memoryview(data)[ends[0] : ends[-1]]
    units = np.frombuffer(str(utf8, "utf-8").encode("utf-16-le"), np.uint16)
    if len(units) != characters.sum():
        # What takes four bytes there takes two units here.
        pairs_of_units = np.cumsum(np.frombuffer(utf8, np.uint8) >= 0xF0)
        characters = characters + np.diff(np.append(0, pairs_of_units)[ends - ends[0]])
    return _folds()[units], np.append(0, np.cumsum(characters))


def _rows(within: Segment, wanted: Units, counts: Ints) -> Flags:
    """Say which pairs of a segment hold the wanted units."""
    low, high = (wanted & 255).astype(np.uint8), (wanted >> 8).astype(np.uint8)
    size, width = len(within.low), len(wanted)
    held = np.zeros(len(within.ids), np.bool_)
    if width > size:
        return held
    if width == 1:
        is_here = (within.low == low[0]) & (within.high == high[0])
        return np.logical_or.reduceat(is_here, within.starts[:-1])
    first, second = np.argsort(counts[low], kind="stable")[:2].tolist()
    reach = size - width + 1
    both = within.low[first : first + reach] == low[first]
    both &= within.low[second : second + reach] == low[second]
    at = np.flatnonzero(both)
    for k in range(width):
        if k not in (first, second):
            at = at[within.low[at + k] == low[k]]
        at = at[within.high[at + k] == high[k]]
    held[np.searchsorted(within.starts, at, "right") - 1] = True
    return held


def _mapped(planes: Bytes, file: BinaryIO) -> Bytes:
    """Put bytes into a file and return them as it holds them; without room they stay in memory."""
    try:
        at = file.seek(0, 2)
        file.write(planes.data)
        file.flush()
        return np.memmap(file, np.uint8, "r", at, planes.shape)
    except OSError as reason:
        logger.warning("the copy for searching stays in memory: %s", reason)
        return planes
