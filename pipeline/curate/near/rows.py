"""What is read of all rows: their exact keys, and the samples by which close ones are found."""

from dataclasses import dataclass

import numpy as np
import pyarrow
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.key_numbers import together
from pipeline.curate.near import Progress
from pipeline.curate.near.characters import WORD, characters
from pipeline.curate.near.keys import keys_of
from pipeline.curate.near.reading import (
    ROW_BITS,
    Column,
    Tables,
    fold_text,
    hash_codes,
    ideographs_in,
    kind_of,
    letters_of,
    numbers_of,
    sample,
)
from pipeline.errors import BadInput

COLUMNS = ("question", "context", "answer")
"""The texts that are compared, in the order of the numbers below."""
QUESTION, CONTEXT, ANSWER = range(3)
SAMPLES = 16
"""About so many runs of letters are taken of a question, and of an answer."""
_ROOM = 3 * SAMPLES
_COUNTED_WORDS = 1 << 20
CHUNK_ROWS = 20_000
SHORTEST_ANSWER = 12
"""Answers of fewer letters are shared by chance; they bring no candidates."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The numbers of each row's normalised texts: equal texts have equal ones."""

    questions: NDArray[np.uint64]
    """Of question and context."""
    answers: NDArray[np.uint64]
    settings: NDArray[np.uint64]
    """Of system prompt and history: pairs that differ in these are never compared."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the pass found."""

    columns: tuple[Column, ...]
    answer_numbers: NDArray[np.uint64]
    """A hash of the answer's numbers in any order, with how many there are in the lowest byte."""
    question_samples: NDArray[np.uint64]
    """Hash in the upper bits, row in the lower `ROW_BITS`; in no order."""
    answer_samples: NDArray[np.uint64]
    word_counts: NDArray[np.uint16]
    """How often the words with a hash occur, counted up to 65,535; a typing mistake is rare."""
    scratch: int
    """How many folded characters the longest text has at most."""


def tables() -> Tables:
    """Return the character tables in the form that compiled code takes."""
    found = characters()
    return Tables(found.raw, found.folded, found.expanded, found.kinds, found.sounds)


def read_keys(rows: pyarrow.Table) -> Keys:
    """Return the keys of every row."""

    def keys(name: str) -> NDArray[np.uint64]:
        return keys_of(rows[name])

    return Keys(
        questions=together(keys("question"), keys("context")),
        answers=keys("answer"),
        settings=together(keys("system"), keys("history")),
    )


def read_rows(rows: pyarrow.Table, progress: Progress) -> Read:
    """Read every row once; BadInput where there are too many to number."""
    if rows.num_rows >= 1 << ROW_BITS:
        raise BadInput(
            "{num_rows:,} pairs are more than can be compared at once.", num_rows=rows.num_rows
        )
    columns = tuple(_column(rows[name]) for name in COLUMNS)
    scratch = _scratch(columns)
    numbers = np.zeros(rows.num_rows, np.uint64)
    word_counts = np.zeros(_COUNTED_WORDS, np.uint16)
    taken: tuple[list[NDArray[np.uint64]], list[NDArray[np.uint64]]] = ([], [])
    out = np.empty((2, CHUNK_ROWS * _ROOM), np.uint64)
    for start in range(0, rows.num_rows, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, rows.num_rows)
        counts = _read(columns, (start, stop), tables(), numbers, out, word_counts, scratch)
        for place in (0, 1):
            taken[place].append(out[place, : counts[place]].copy())
        progress(stop / rows.num_rows)
    none = np.empty(0, np.uint64)
    return Read(
        columns=columns,
        answer_numbers=numbers,
        question_samples=np.concatenate([none, *taken[0]]),
        answer_samples=np.concatenate([none, *taken[1]]),
        word_counts=word_counts,
        scratch=scratch,
    )


def _column(texts: pyarrow.ChunkedArray) -> Column:
    """Take the bytes of a column of texts, several chunks into one copy; null is an empty text."""
    chunks = [_buffers(chunk.cast(pyarrow.large_string())) for chunk in texts.chunks]
    if len(chunks) == 1:
        return chunks[0]
    offsets = np.zeros(len(texts) + 1, np.int64)
    data = np.empty(sum(int(c.offsets[-1] - c.offsets[0]) for c in chunks), np.uint8)
    row = end = 0
    for chunk in chunks:
        first, last = int(chunk.offsets[0]), int(chunk.offsets[-1])
        offsets[row + 1 : row + len(chunk.offsets)] = chunk.offsets[1:] + (end - first)
        data[end : end + last - first] = chunk.data[first:last]
        row, end = row + len(chunk.offsets) - 1, end + last - first
    return _frozen(offsets, data)


def _buffers(texts: pyarrow.LargeStringArray) -> Column:
    _, offsets, data = texts.buffers()
    if not len(texts) or offsets is None:
        return _frozen(np.zeros(1, np.int64), np.zeros(0, np.uint8))
    places = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return _frozen(places, np.frombuffer(data or b"", np.uint8))


def _frozen(offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> Column:
    """Make a column that cannot be written to: numba compiles for one kind of array only."""
    offsets, data = offsets.view(), data.view()
    offsets.flags.writeable = data.flags.writeable = False
    return Column(offsets, data)


def _scratch(columns: tuple[Column, ...]) -> int:
    """Return room for the longest question with its context, or other text, folded."""
    longest = [int(np.diff(column.offsets).max(initial=0)) for column in columns]
    # The most that a byte can become is six characters (U+FDFA: three bytes, eighteen).
    return 6 * max(longest[QUESTION] + longest[CONTEXT], *longest) + 64


@njit(cache=True, nogil=True)
def _count_words(folded, count, kinds, word_counts):
    """Count the words of a folded text that are no ideographs."""
    place, last = 0, uint64(len(word_counts) - 1)
    while place < count:
        end = place
        while end < count and kind_of(folded[end], kinds) & WORD:
            end += 1
        if end > place:
            slot = (hash_codes(folded, place, end) >> uint64(1)) & last
            if word_counts[slot] < 65_535:
                word_counts[slot] += 1
        place = end + 1


@njit(cache=True, nogil=True)
def _read(columns, span, tables, numbers, out, word_counts, scratch):
    start, stop = span
    folded, upper = np.empty(scratch, np.int32), np.empty(scratch, np.uint8)
    text = np.empty(scratch, np.int32)
    hashes = np.empty(_ROOM, np.uint64)
    counts = np.zeros(2, np.int64)
    for row in range(start, stop):
        for place in range(3):
            column = columns[place]
            if place == CONTEXT and column.offsets[row] == column.offsets[row + 1]:
                continue
            count = fold_text(column, row, tables, folded, upper)
            letters = letters_of(folded, count, tables.kinds, text)
            _count_words(folded, count, tables.kinds, word_counts)
            if place == ANSWER:
                numbers[row] = numbers_of(folded, count, tables.kinds)
                if letters < SHORTEST_ANSWER:
                    continue
            is_dense = 2 * ideographs_in(text, letters, tables.kinds) > letters
            run = (4 if is_dense else 8) if place == ANSWER else (3 if is_dense else 6)
            side = 1 if place == ANSWER else 0
            taken = sample(text, letters, run, SAMPLES, hashes)
            for n in range(taken):
                if counts[side] < out.shape[1]:
                    upper_bits = (hashes[n] >> uint64(ROW_BITS)) << uint64(ROW_BITS)
                    out[side, counts[side]] = upper_bits | uint64(row)
                    counts[side] += 1
    return counts
