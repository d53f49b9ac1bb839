"""From a file to pairs: recognise the layout, keep what is whole, refuse the rest with reasons.

A file is read as a stream, in chunks; what it is gets decided by its head. `read` and `peek` give
the pairs themselves, for small files, tests and previews.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from pipeline.curate.columns import ColumnMissing, Columns, ColumnsUnknown, guess, spare
from pipeline.curate.conversation import Tags, recognised
from pipeline.curate.formats import open_records, unreadable
from pipeline.curate.parts import How
from pipeline.curate.records import Batch, Reading, Record, Refusals, Refused
from pipeline.curate.shape import Chunk, shape
from pipeline.curate.sources import Source, as_source
from pipeline.errors import BadInput
from pipeline.said import Said
from store.types import Layout, NewPair

__all__ = ["CONSTANT_SHARE", "Ingested", "Refused", "Stream", "begin", "peek", "read"]

CONSTANT_SHARE = 0.95
"""A file is format3 when this share of its rows has one and the same instruction."""
HEAD_BYTES = 8 << 20
HEAD_ROWS = 20_000
_SAMPLED = 50
_LONGEST_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a file gave: pairs, refusals, and what was recognised."""

    file: str
    rows: tuple[NewPair, ...]
    refused: Refusals
    layout: Layout
    trigger: str
    """The constant instruction of a format3 file, empty for format2."""
    columns: Columns
    warnings: tuple[str, ...]
    samples: Mapping[str, str]
    """The fields of the file, each with something that stands in it."""
    is_head: bool = False
    """Whether the file goes on behind what was read."""


class Stream:
    """A file that is being read into pairs; what was recognised is known from the start."""

    def __init__(self, reading: Reading, head: list[Batch], how: How, is_guessed: bool) -> None:
        self._reading, self._how, self._is_guessed = reading, how, is_guessed
        self._batches: Iterator[Batch] = chain(_emptied(head), reading.batches)
        self._head_records = [record for batch in head for record in batch.records]
        self.file, self.size_bytes = reading.file, reading.size_bytes
        self.layout, self.columns = how.layout, how.columns
        self.trigger = how.trigger if how.layout == "format3" else ""
        self.samples = _samples(self._head_records)
        self.warnings = reading.warnings
        self.refused = Refusals()
        self.rows = 0
        """How many pairs were given out."""

    @property
    def place(self) -> int:
        """How many of the file's bytes were read."""
        return self._reading.place()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the pairs, once; BadInput where the file turns out to be unreadable."""
        self._head_records = []
        triggered = 0
        try:
            for batch in self._batches:
                self._notice(batch.records)
                chunk = shape(batch, self._how)
                for row, reason in chunk.refused:
                    self.refused.add(self.file, row, reason)
                self.rows += len(chunk)
                triggered += chunk.triggered
                yield chunk
        except OSError as error:
            raise unreadable(Path(self.file), error) from error
        if self._is_guessed and self.trigger and triggered < CONSTANT_SHARE * self.rows:
            self.warnings.append(
                Said(
                    "{file}: only {triggered:,} of {rows:,} rows have the instruction of its first "
                    "rows, the trigger; the others were read as format2. Choose the layout if that "
                    "is wrong.",
                    file=self.file,
                    triggered=triggered,
                    rows=self.rows,
                )
            )

    def _notice(self, records: list[Record]) -> None:
        """Take up fields that the first rows did not have."""
        if self.columns.messages or self.columns.text:
            return
        names = set().union(*records)
        if not names <= self.samples.keys():
            self.samples |= dict.fromkeys(names - self.samples.keys(), "")
            columns = self.columns
            found = spare(Columns(columns.instruction, columns.output), names)
            late = {
                role: found[role][0]
                for role in ("input", "system", "history", "facts")
                if self._is_guessed and getattr(columns, role) is None and role in found
            }
            self.columns = replace(columns, **late)  # type: ignore[arg-type]  # never tags
            others = spare(self.columns, self.samples) if self._is_guessed else {}
            self._how = replace(self._how, columns=self.columns, spare=others)


def begin(
    source: Source | Path, *, layout: Layout | None = None, columns: Columns | None = None
) -> Stream:
    """Open a file and recognise what it is; BadInput where nothing of it can be used.

    `layout` and `columns` override what would be recognised, and what the source says of itself.
    """
    source = as_source(source)
    reading = open_records(source.paths, source.name)
    try:
        head = _head(reading)
    except OSError as error:
        raise unreadable(source.paths[0], error) from error
    records = [record for batch in head for record in batch.records]
    if not records:
        refused = [each for batch in head for each in batch.refused]
        is_small = reading.size_bytes < 1_000_000
        blank = Said("no rows, only white space or column names" if is_small else "no rows")
        told = tuple(
            Said("row {row} {reason}", row=row, reason=reason) for row, reason in refused[:3]
        )
        raise BadInput(
            "{source} holds nothing that could be a pair: {why}.",
            source=source.name,
            why=told or blank,
        )
    given = columns or source.columns
    names = _checked(given, records, reading) if given else _guessed(source.name, records)
    trigger = _constant_instruction(records, names)
    chosen: Layout = layout or source.layout or ("format3" if trigger else "format2")
    seen = {name for record in records for name in record}
    how = How(names, chosen, trigger, {} if given else spare(names, seen))
    reading.warnings[:0] = source.warnings
    return Stream(reading, head, how, is_guessed=given is None)


def read(
    source: Source | Path, *, layout: Layout | None = None, columns: Columns | None = None
) -> Ingested:
    """Read a whole file; BadInput where nothing of it can be used, refusals for single rows.

    Every record of the file is either a pair or a refusal.
    """
    stream = begin(source, layout=layout, columns=columns)
    return _taken(stream, None)


def peek(
    source: Source | Path, *, layout: Layout | None = None, columns: Columns | None = None
) -> Ingested:
    """Read the head of a file only, as `read` would; a small file is all head."""
    stream = begin(source, layout=layout, columns=columns)
    return _taken(stream, HEAD_BYTES)


def _taken(stream: Stream, limit_bytes: int | None) -> Ingested:
    rows: list[NewPair] = []
    is_head = False
    for chunk in stream.chunks():
        if limit_bytes is not None and (len(rows) >= HEAD_ROWS or stream.place > 2 * limit_bytes):
            is_head = True
            break
        rows += chunk.pairs(stream.file)
    return Ingested(
        file=stream.file,
        rows=tuple(rows),
        refused=stream.refused,
        layout=stream.layout,
        trigger=stream.trigger,
        columns=stream.columns,
        warnings=tuple(stream.warnings),
        samples=stream.samples,
        is_head=is_head,
    )


def _head(reading: Reading) -> list[Batch]:
    """Take batches until there is enough to recognise the file by."""
    head: list[Batch] = []
    rows = 0
    for batch in reading.batches:
        head.append(batch)
        rows += len(batch.records)
        if rows and (rows >= HEAD_ROWS or reading.place() >= HEAD_BYTES):
            break
    return head


def _emptied(head: list[Batch]) -> Iterator[Batch]:
    """Give out the batches of the head and let go of them."""
    head.reverse()
    while head:
        yield head.pop()


def _checked(columns: Columns, records: list[Record], reading: Reading) -> Columns:
    """Hold the columns that were named against what is there."""
    seen = {name for record in records for name in record}
    needed = {columns.instruction, columns.output, columns.messages, columns.text} - {None}
    if missing := sorted(str(name) for name in needed - seen):
        raise ColumnMissing(reading.file, tuple(missing), tuple(sorted(seen)))
    if lacking := sorted(columns.names() - seen):
        reading.warnings.append(
            Said(
                "{file}: none of its first rows has the named {lacking}.",
                file=reading.file,
                lacking=tuple(lacking),
            )
        )
    unread = spare(columns, seen)
    if left := [unread[role][0] for role in ("system", "history") if role in unread]:
        reading.warnings.append(
            Said(
                "{file}: {left} is not among the named columns and is left out.",
                file=reading.file,
                left=tuple(left),
            )
        )
    if columns.messages and columns.tags == Tags():
        values = [record[columns.messages] for record in records if record.get(columns.messages)]
        return replace(columns, tags=recognised(values) or columns.tags)
    return columns


def _guessed(file: str, records: list[Record]) -> Columns:
    try:
        return guess(file, records)
    except ColumnsUnknown as fact:
        fact.samples = _samples(records)
        raise


def _samples(records: list[Record]) -> dict[str, str]:
    """Return the fields, each with the first thing that stands in it."""
    found: dict[str, str] = {}
    for record in records[:_SAMPLED]:
        for name, value in record.items():
            if not found.get(name):
                shown = "" if value is None else str(value)[:_LONGEST_SAMPLE]
                found[name] = shown.encode("utf-8", "replace").decode()
    for name in set().union(*records) - found.keys():
        found[name] = ""
    return found


def _constant_instruction(records: list[Record], columns: Columns) -> str:
    """Return the trigger sentence where nearly all rows share one over varying inputs."""
    if columns.input is None or columns.instruction is None or len(records) < 2:
        return ""
    instructions: Counter[str] = Counter()
    inputs: set[str] = set()
    for record in records:
        given = record.get(columns.input)
        if isinstance(given, str) and given.strip():
            instructions[str(record.get(columns.instruction) or "").strip()] += 1
            inputs.add(given.strip())
    if not instructions:
        return ""
    common, count = instructions.most_common(1)[0]
    is_constant = bool(common) and count >= CONSTANT_SHARE * len(records) and count > 1
    return common if is_constant and len(inputs) > 1 else ""
