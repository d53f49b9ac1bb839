"""One pass over all rows: the exact key of each, and the samples by which close ones are found."""

from dataclasses import dataclass

import numpy as np
import pyarrow
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate import normalise
from pipeline.curate.near import Progress
from pipeline.curate.near.characters import WORD, characters
from pipeline.curate.near.reading import (
    ROW_BITS,
    Column,
    Tables,
    fold_text,
    hash_codes,
    ideographs_in,
    key_text,
    kind_of,
    sample,
)
from pipeline.errors import BadInput

COLUMNS = ("question", "context", "answer", "system", "history")
"""What is read of each row, in the order of the numbers below."""
QUESTION, CONTEXT, ANSWER, SYSTEM, HISTORY = range(5)
SAMPLES = 16
"""About so many runs of letters are taken of a question, and of an answer."""
_ROOM = 3 * SAMPLES
_COUNTED_WORDS = 1 << 20
CHUNK_ROWS = 20_000
SHORTEST_ANSWER = 12
"""Answers of fewer letters are shared by chance; they bring no candidates."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the pass found."""

    columns: tuple[Column, ...]
    question_keys: NDArray[np.uint64]
    """Of question and context."""
    answer_keys: NDArray[np.uint64]
    setting_keys: NDArray[np.uint64]
    """Of system prompt and history: pairs that differ in these are never compared."""
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


def read_rows(rows: pyarrow.Table, progress: Progress, *, with_samples: bool = True) -> Read:
    """Read every row once; BadInput where there are too many to number."""
    if rows.num_rows >= 1 << ROW_BITS:
        raise BadInput(f"{rows.num_rows:,} pairs are more than can be compared at once.")
    columns = tuple(_column(rows[name]) for name in COLUMNS)
    scratch = _scratch(columns)
    keys = np.zeros((rows.num_rows, len(COLUMNS)), np.uint64)
    numbers = np.zeros(rows.num_rows, np.uint64)
    is_complex = np.zeros(rows.num_rows, np.bool_)
    word_counts = np.zeros(_COUNTED_WORDS, np.uint16)
    taken: tuple[list[NDArray[np.uint64]], list[NDArray[np.uint64]]] = ([], [])
    for start in range(0, rows.num_rows, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, rows.num_rows)
        out = np.empty((2, (stop - start) * _ROOM if with_samples else 0), np.uint64)
        counts = _read(
            columns, (start, stop), tables(), (keys, numbers, is_complex), out, word_counts, scratch
        )
        for place in (0, 1):
            taken[place].append(out[place, : counts[place]].copy())
        progress(stop / rows.num_rows)
    _read_complex(rows, np.flatnonzero(is_complex), keys)
    return Read(
        columns=columns,
        question_keys=_joined(keys[:, QUESTION], keys[:, CONTEXT]),
        answer_keys=keys[:, ANSWER].copy(),
        answer_numbers=numbers,
        setting_keys=_joined(keys[:, SYSTEM], keys[:, HISTORY]),
        question_samples=np.concatenate(taken[0]) if taken[0] else np.empty(0, np.uint64),
        answer_samples=np.concatenate(taken[1]) if taken[1] else np.empty(0, np.uint64),
        word_counts=word_counts,
        scratch=scratch,
    )


def _column(texts: pyarrow.ChunkedArray) -> Column:
    """Take the buffers of a column of texts; null is an empty text."""
    whole = texts.cast(pyarrow.large_string()).combine_chunks()
    if isinstance(whole, pyarrow.ChunkedArray):
        whole = pyarrow.concat_arrays(whole.chunks or [pyarrow.array([], pyarrow.large_string())])
    _, offsets, data = whole.buffers()
    if offsets is None:
        return Column(np.zeros(1, np.int64), np.zeros(1, np.uint8))
    places = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    held = (
        np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    )
    return Column(places, held)


def _scratch(columns: tuple[Column, ...]) -> int:
    """Return room for the longest question with its context, or other text, folded."""
    longest = [int(np.diff(column.offsets).max(initial=0)) for column in columns]
    # The most that a byte can become is six characters (U+FDFA: three bytes, eighteen).
    return 6 * max(longest[QUESTION] + longest[CONTEXT], *longest) + 64


def _joined(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Make one hash of two, in which their order counts."""
    with np.errstate(over="ignore"):
        return np.asarray(one * np.uint64(0x9E3779B97F4A7C15) ^ (other + np.uint64(1)))


def _read_complex(rows: pyarrow.Table, places: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
    """Take the keys of rows with characters that depend on their neighbours from Python."""
    for row in places.tolist():
        for place, name in enumerate(COLUMNS):
            text = normalise.key(rows[name][row].as_py() or "")
            codes = np.array([ord(character) for character in text], np.int32)
            keys[row, place] = hash_codes(codes, 0, len(codes))


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
def _read(columns, span, tables, results, out, word_counts, scratch):
    start, stop = span
    keys, numbers, is_complex = results
    folded, upper = np.empty(scratch, np.int32), np.empty(scratch, np.uint8)
    text = np.empty(2 * scratch, np.int32)
    hashes = np.empty(_ROOM, np.uint64)
    counts = np.zeros(2, np.int64)
    has_samples = out.shape[1] > 0
    for row in range(start, stop):
        for place in range(5):
            column = columns[place]
            if place > 0 and column.offsets[row] == column.offsets[row + 1]:
                keys[row, place] = hash_codes(text, 0, 0)
                continue
            count, is_bound = fold_text(column, row, tables, folded, upper)
            size, letters, found = key_text(folded, count, tables.kinds, text)
            keys[row, place] = hash_codes(text, 0, size)
            is_complex[row] |= is_bound
            if not has_samples or place > ANSWER:
                continue
            if place == ANSWER:
                numbers[row] = found
            _count_words(folded, count, tables.kinds, word_counts)
            if place == ANSWER and letters < SHORTEST_ANSWER:
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
