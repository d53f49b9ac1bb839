"""What a plan needs to know of a dataset's pairs, as columns of numbers: no text is held."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, cast

import numpy
import pyarrow
import pyarrow.compute

from pipeline.curate.key_numbers import Numbers
from pipeline.curate.keys import COMPILED_FROM, keys_of, keys_of_questions
from store import export_rows
from store.db import Cursor, Database
from store.types import Dataset, Status

Integers = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]
Array = numpy.ndarray[tuple[int], Any]
Columns = dict[str, Array]
Flags = numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]]
_FLAGS = (
    "is_unreviewed", "is_test", "has_system", "has_history", "has_facts", "has_placeholder",
)  # fmt: skip
_SAMPLED = 300
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
    """The key of the answer, as a number; 0 in general datasets, whose answers make no fact."""
    tokens: Integers
    """As they were judged; estimated from bytes for other pairs, system prompts and history."""
    is_unreviewed: Flags
    is_test: Flags
    """Tagged so by a person: only ever tested."""
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
            known = export_rows.outline(cursor, dataset.id, statuses, stretch)
            sizes = export_rows.sizes(cursor, dataset.id, statuses, stretch)
            unread = export_rows.texts(cursor, dataset.id, statuses, stretch)
            some = export_rows.texts(cursor, dataset.id, statuses, stretch, most=_SAMPLED)
            left = export_rows.with_placeholder(cursor, stretch) if _has_brace(sizes) else []
        columns = _columns(known)
        _measure(columns, sizes, _tokens_a_byte(some), left)
        is_unread = ~columns.pop("has_keys")
        order = numpy.argsort(unread.column("id").to_numpy())
        asked = keys_of_questions(unread, are_many=are_many)
        columns["questions"][is_unread] = asked[order]
        if dataset.role == "general":
            # What a general pair answers makes no fact.
            columns["answers"][:] = 0
        else:
            answered = keys_of(unread.column("answer"), are_many=are_many)
            columns["answers"][is_unread] = answered[order]
        return columns

    with source.cursor() as cursor:
        stretches, unread_count = export_rows.stretches(cursor, dataset.id, statuses)
    are_many = unread_count >= COMPILED_FROM
    parts = list(source.threads.map(part, stretches))
    return Outline(
        dataset,
        **{
            name: numpy.concatenate([numpy.zeros(0, kind), *(part[name] for part in parts)])
            for name, kind in _KINDS.items()
        },
    )


_KINDS: dict[str, type[Any]] = {
    "ids": numpy.int64,
    "versions": numpy.int64,
    "questions": numpy.uint64,
    "answers": numpy.uint64,
    "tokens": numpy.int64,
    **dict.fromkeys(_FLAGS, numpy.bool_),
}


def _columns(known: pyarrow.Table) -> Columns:
    """Return the columns of a stretch by rising id."""
    order = numpy.argsort(known.column("id").to_numpy(), kind="stable")

    def ordered(name: str) -> Array:
        return cast("Array", known.column(name).to_numpy()[order])

    return {
        "ids": ordered("id"),
        "versions": ordered("version"),
        "questions": ordered("question_key"),
        "answers": ordered("answer_key"),
        "tokens": ordered("tokens").astype(numpy.int64),
        **{flag: ordered(flag) for flag in (*_FLAGS, "has_keys", "is_judged")},
    }


def _measure(
    columns: Columns, sizes: pyarrow.Table, tokens_a_byte: float, left: pyarrow.ChunkedArray
) -> None:
    """Fill in what judging has not counted: tokens of these sizes, and placeholders left."""
    places = numpy.searchsorted(columns["ids"], sizes.column("id").to_numpy())
    more = numpy.ceil(sizes.column("bytes").to_numpy() * tokens_a_byte)
    columns["tokens"][places] += more.astype(numpy.int64)
    is_judged = columns.pop("is_judged")
    columns["has_placeholder"] |= ~is_judged & numpy.isin(columns["ids"], left)


def _has_brace(sizes: pyarrow.Table) -> bool:
    """Say whether a placeholder may be among the texts: mostly not, and then no pattern has to be
    looked for, which would cost more than all the rest."""
    return bool(pyarrow.compute.any(sizes.column("has_brace")).as_py())


def _tokens_a_byte(some: pyarrow.Table) -> float:
    """Estimate from some texts: a Chinese character is a token, and so are four Latin letters."""
    texts = [text for name in ("question", "answer") for text in some.column(name).to_pylist()]
    characters = sum(len(text) for text in texts)
    size_bytes = sum(len(text.encode()) for text in texts)
    chinese = (size_bytes - characters) / 2
    return (chinese + (characters - chinese) / 4) / size_bytes if size_bytes else 0.0
