"""Bring files into a dataset: all of them or none, as one action that can be undone."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pyarrow

from pipeline.curate import ingest, placeholders
from pipeline.curate.arrow import arrow, with_keys
from pipeline.curate.columns import Columns
from pipeline.curate.formats import unreadable
from pipeline.curate.ingest import Stream
from pipeline.curate.keys import COMPILED_FROM
from pipeline.curate.records import Refusals
from pipeline.curate.sources import Source, as_source
from pipeline.errors import BadInput
from pipeline.said import Said
from store import datasets, incoming
from store.db import Database
from store.errors import NotFound
from store.incoming import FileImport, Intake, NewDataset, PastImport
from store.types import Dataset, Layout, Role

_HASHED_AT_ONCE = 4 << 20
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 40_000, 24 << 20
"""What is stored in one go; each go takes its ids in a transaction that waits for the disk."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    dataset: Dataset
    layout: Layout
    imported: int
    refused: Refusals
    warnings: tuple[str, ...]
    leftovers: tuple[str, ...]
    """Placeholders that nothing was given for."""
    action_id: int | None
    """None where no row was usable, so that nothing changed."""


@dataclass(frozen=True, slots=True)
class Target:
    """The dataset that files go to: a new one, or one of the same role."""

    name: str
    role: Role
    domain: str = ""
    trigger: str | None = None
    """None: the one that the files have; an empty text: none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files are read, where that is not left to what is recognised."""

    layout: Layout | None = None
    columns: Columns | None = None
    values: Mapping[str, str] | None = None
    """What stands for the placeholders."""
    is_again: bool = False
    """Whether a file is imported although it was before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    phase: Literal["checking", "reading", "storing"]
    place: int
    """Which of the files, from 0."""
    rows: int
    done_bytes: int
    """Of all the files."""
    total_bytes: int

    @property
    def share(self) -> float:
        """Of all the work, 0 to 1."""
        return min(1.0, self.done_bytes / max(1, self.total_bytes))


Watch = Callable[[Progress], None]
"""Told how far an import is, now and then; what it raises ends the import, leaving nothing."""


class ImportedBefore(BadInput):
    """The same file was imported in the same way before, and that still stands."""

    def __init__(self, past: PastImport) -> None:
        when = past.at.astimezone()
        self.file, self.dataset, self.at = past.file.file, past.dataset, past.at
        self.pairs = past.file.pair_count
        super().__init__(
            "{file} was imported before, on {when:%Y-%m-%d at %H:%M}, into the dataset "
            "{dataset!r} ({pairs:,} pairs). Undo that import, or import the file again on "
            "purpose (--again).",
            when=when,
        )


def import_files(
    db: Database,
    files: Sequence[Path | Source],
    target: Target,
    how: Reading | None = None,
    watch: Watch | None = None,
) -> ImportResult:
    """Read files and add their pairs, all or none.

    BadInput where a file as a whole cannot be used, ImportedBefore where one is in the workspace
    already. Memory stays bounded however large the files are.
    """
    if not target.name.strip():
        raise BadInput("The dataset has no name. Give it one.")
    existing = _existing(db, target)
    work = _Import(db, [as_source(each) for each in files], how or Reading(), watch)
    streams = work.open()
    work.check(streams)
    given = target.trigger
    wanted = [each.trigger for each in streams] if given is None else [given]
    trigger = next(filter(None, wanted), "")
    made = NewDataset(target.name, target.role, target.domain, trigger)
    with incoming.intake(db, existing or made) as (intake, dataset_id):
        for number, stream in enumerate(streams):
            work.bring(intake, stream, number)
        work.finish(intake)
    if existing and trigger and not existing.trigger:
        datasets.update(
            db, existing.id, role=existing.role, domain=existing.domain, trigger=trigger
        )
    dataset = datasets.get(db, dataset_id)
    told = (warning for each in streams for warning in each.warnings)
    return ImportResult(
        dataset=dataset,
        layout="format3" if any(each.layout == "format3" for each in streams) else "format2",
        imported=work.rows,
        refused=work.refused,
        warnings=(*told, *_left_out(dataset, wanted)),
        leftovers=tuple(work.leftovers),
        action_id=intake.action_id if work.rows else None,
    )


def imported_before(
    db: Database, source: Source | Path, columns: Columns, layout: Layout
) -> PastImport | None:
    """Return the newest import of a file that still stands, if it was read the same way."""
    source = as_source(source)
    if not incoming.known(db, size_bytes=_size_of(source)):
        return None
    return _past(db, sha1_of(source), _mapping(columns, layout))


def sha1_of(source: Source, note: Callable[[], None] | None = None) -> str:
    """Return the SHA-1 of a file, or of the pieces of one, one after another."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in source.paths:
        try:
            with path.open("rb") as file:
                while data := file.read(_HASHED_AT_ONCE):
                    digest.update(data)
                    if note:
                        note()
        except OSError as error:
            raise unreadable(path, error) from error
    return digest.hexdigest()


class _Import:
    """The files of one import, and what has come of them so far."""

    def __init__(
        self, db: Database, sources: list[Source], how: Reading, watch: Watch | None
    ) -> None:
        self._db, self._sources, self._how, self._watch = db, sources, how, watch
        self._values = dict(how.values or {})
        self._sizes = [_size_of(source) for source in sources]
        self._hashes: list[str] = []
        self._mappings: list[str] = []
        self._files: list[FileImport] = []
        self.rows = 0
        self.refused = Refusals()
        self.leftovers: dict[str, None] = {}

    def check(self, streams: list[Stream]) -> None:
        """Hash the files; ImportedBefore where one of them is here already."""
        for source, stream in zip(self._sources, streams, strict=True):
            sha1 = sha1_of(source, lambda: self._tell("checking", 0, 0))
            self._hashes.append(sha1)
            mapping = _mapping(stream.columns, stream.layout)
            self._mappings.append(mapping)
            past = None if self._how.is_again else _past(self._db, sha1, mapping)
            if past is not None:
                raise ImportedBefore(past)

    def open(self) -> list[Stream]:
        """Open every file, so that one that cannot be used stops the import before it begins."""
        how = self._how
        return [
            ingest.begin(source, layout=how.layout, columns=how.columns) for source in self._sources
        ]

    def bring(self, intake: Intake, stream: Stream, number: int) -> None:
        """Add the pairs of a file."""
        before = self.rows
        waiting: list[pyarrow.Table] = []
        for chunk in stream.chunks():
            self.leftovers |= placeholders.fill(chunk, self._values)
            waiting.append(arrow(chunk))
            self.rows += len(chunk)
            if sum(table.num_rows for table in waiting) >= _ROWS_AT_ONCE or (
                sum(table.nbytes for table in waiting) >= _BYTES_AT_ONCE
            ):
                self._add(intake, waiting, stream.file)
                waiting.clear()
            self._tell("reading", number, stream.place)
        if waiting:
            self._add(intake, waiting, stream.file)
        self.refused.merge(stream.refused)
        source = self._sources[number]
        self._files.append(
            FileImport(
                file=source.name,
                size_bytes=self._sizes[number],
                sha1=self._hashes[number],
                mapping=self._mappings[number],
                pair_count=self.rows - before,
                refused_count=len(stream.refused),
            )
        )

    def _add(self, intake: Intake, waiting: list[pyarrow.Table], file: str) -> None:
        """Store pairs, with their keys where there are so many that reading them later is dear."""
        table = pyarrow.concat_tables(waiting)
        if self.rows >= COMPILED_FROM:
            table = with_keys(table)
        intake.add(table, file)

    def finish(self, intake: Intake) -> None:
        """Write the action down, if there is anything to it."""
        self._tell("storing", len(self._sources) - 1, self._sizes[-1])
        if self.rows:
            summary = ", ".join(source.name for source in self._sources)
            intake.finish(summary, tuple(self._files))

    def _tell(
        self, phase: Literal["checking", "reading", "storing"], number: int, done_bytes: int
    ) -> None:
        if self._watch:
            done = sum(self._sizes[:number]) + done_bytes
            self._watch(Progress(phase, number, self.rows, done, sum(self._sizes)))


def _left_out(dataset: Dataset, wanted: Sequence[str]) -> tuple[Said, ...]:
    """Say which triggers are not taken up, as a dataset has one only."""
    others = dict.fromkeys(each for each in wanted if dataset.trigger and each.strip())
    return tuple(
        Said(
            "The dataset {dataset!r} keeps its trigger sentence ({own}); the other one ({other}) "
            "is left out. Import into another dataset to keep it.",
            dataset=dataset.name,
            own=dataset.trigger,
            other=other,
        )
        for other in others
        if other.strip() != dataset.trigger.strip()
    )


def _past(db: Database, sha1: str, mapping: str) -> PastImport | None:
    found = incoming.of_file(db, sha1)
    return next((each for each in found if each.file.mapping == mapping), None)


def _mapping(columns: Columns, layout: Layout) -> str:
    """Return how a file is read as a text that is equal exactly for equal ways."""
    return json.dumps({"layout": layout, "columns": asdict(columns)}, ensure_ascii=False)


def _size_of(source: Source) -> int:
    try:
        return sum(path.stat().st_size for path in source.paths)
    except OSError as error:
        raise unreadable(source.paths[0], error) from error


def _existing(db: Database, target: Target) -> Dataset | None:
    try:
        dataset = datasets.by_name(db, target.name)
    except NotFound:
        return None
    if dataset.role != target.role:
        raise BadInput(
            "The dataset {dataset.name!r} exists with the role {dataset.role}, not {target.role}. "
            "Choose its role, or another name.",
            dataset=dataset,
            target=target,
        )
    return dataset
