"""What a plan needs to know of a dataset's pairs, as columns of numbers: no text is held."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy
import pyarrow

from pipeline.publish.keys import Numbers, keys_of, together
from store import export_rows
from store.db import Cursor, Database
from store.types import Dataset, Status

Integers = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]
Columns = dict[str, numpy.ndarray[tuple[int], Any]]
Flags = numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]]
_FLAGS = ("is_unreviewed", "has_system", "has_history", "has_facts", "has_placeholder")
THREADS = 2
"""Each reads or renders a stretch of pairs of its own; DuckDB lets Python go meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The pairs of one dataset that an export may take, by rising id."""

    dataset: Dataset
    ids: Integers
    versions: Integers
    questions: Numbers
    """The key of question and context, as a number."""
    answers: Numbers
    """The key of the answer, as a number."""
    tokens: Integers
    """Estimated from characters: a tokenizer counts otherwise."""
    is_unreviewed: Flags
    has_system: Flags
    has_history: Flags
    has_facts: Flags
    has_placeholder: Flags

    def __len__(self) -> int:
        return len(self.ids)


class Readers:
    """Cursors that see one state of the store, and threads that use each alone."""

    def __init__(self, cursors: tuple[Cursor, ...], threads: ThreadPoolExecutor) -> None:
        self.threads = threads
        self._free: SimpleQueue[Cursor] = SimpleQueue()
        for cursor in cursors:
            self._free.put(cursor)

    @contextmanager
    def cursor(self) -> Iterator[Cursor]:
        """Give a cursor that no other thread uses meanwhile."""
        cursor = self._free.get()
        try:
            yield cursor
        finally:
            self._free.put(cursor)


@contextmanager
def readers(db: Database) -> Iterator[Readers]:
    """Give readers of the state that is committed now."""
    with db.snapshot(THREADS) as cursors, ThreadPoolExecutor(THREADS) as threads:
        yield Readers(cursors, threads)


def read(source: Readers, dataset: Dataset, statuses: tuple[Status, ...]) -> Outline:
    """Read a dataset's pairs of these statuses."""

    def part(stretch: tuple[int, int]) -> Columns:
        with source.cursor() as cursor:
            return _numbers(export_rows.outline(cursor, dataset.id, statuses, stretch))

    with source.cursor() as cursor:
        stretches = export_rows.stretches(cursor, dataset.id, statuses)
    parts = list(source.threads.map(part, stretches))
    columns = {
        name: numpy.concatenate([numpy.zeros(0, kind), *(part[name] for part in parts)])
        for name, kind in _KINDS.items()
    }
    return Outline(dataset, **columns)


_KINDS: dict[str, type[Any]] = {
    "ids": numpy.int64,
    "versions": numpy.int64,
    "questions": numpy.uint64,
    "answers": numpy.uint64,
    "tokens": numpy.int64,
    **dict.fromkeys(_FLAGS, numpy.bool_),
}


def _numbers(table: pyarrow.Table) -> Columns:
    """Turn the texts of a stretch into numbers."""
    characters = table.column("characters").to_numpy()
    # A Chinese character takes three bytes, so two more than it counts as a character.
    chinese = (table.column("bytes").to_numpy() - characters) // 2
    return {
        "ids": table.column("id").to_numpy(),
        "versions": table.column("version").to_numpy(),
        "questions": together(keys_of(table.column("question")), keys_of(table.column("context"))),
        "answers": keys_of(table.column("answer")),
        "tokens": chinese + (characters - chinese + 3) // 4,
        **{flag: table.column(flag).to_numpy() for flag in _FLAGS},
    }
