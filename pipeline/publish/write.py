"""Writing an export's files, each with its SHA-1 computed on the way and synced to the disk.

Threads render stretches of pairs, and this one writes them in order: at most a few stretches are
held in memory, whatever the size of the export.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import groupby, zip_longest
from pathlib import Path
from typing import BinaryIO

import numpy
import pyarrow
import pyarrow.parquet

from pipeline.publish.manifest import ExportFile
from pipeline.publish.outline import THREADS, Integers, Readers
from pipeline.publish.planned import PlannedFile
from pipeline.publish.recipe import FileFormat
from store import export_rows
from store.export_rows import STRETCH_ROWS

Write = Callable[[pyarrow.Table], None]
_ROW_GROUP = 20_000
"""Rows of a parquet file that stand together; another number would be other bytes."""
_AT_ONCE_BYTES = 1 << 20
"""What is hashed while it is still in the processor's cache."""


class HashingFile:
    """A file being written, and its SHA-1 and size so far. pyarrow writes to it too."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha1(usedforsecurity=False)
        self.size_bytes = 0
        self.closed = False

    def write(self, piece: bytes | memoryview | pyarrow.Buffer) -> int:
        """Write a piece and count it in."""
        view = memoryview(piece)
        for start in range(0, len(view), _AT_ONCE_BYTES):
            part = view[start : start + _AT_ONCE_BYTES]
            self._file.write(part)
            self._digest.update(part)
        self.size_bytes += len(view)
        return len(view)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""

    @property
    def sha1(self) -> str:
        """The SHA-1 of everything written."""
        return self._digest.hexdigest()


def write_files(
    source: Readers, planned: Sequence[PlannedFile], folder: Path
) -> tuple[ExportFile, ...]:
    """Write data files, those of a dataset side by side, and return what the manifest says of them.

    What lies together in the store is read once for all the files that it goes to.
    """
    written: list[ExportFile] = []
    synced: list[Future[None]] = []
    # The disk takes the files of one dataset while those of the next are rendered.
    with ThreadPoolExecutor(1) as flusher:
        for _, group in groupby(planned, key=lambda each: each.dataset):
            files = list(group)
            with ExitStack() as stack:
                opened = [stack.enter_context((folder / each.name).open("xb")) for each in files]
                written += _write_dataset(source, files, opened)
                synced.append(flusher.submit(_sync_all, opened, stack.pop_all()))
        for each in synced:
            each.result()
    return tuple(written)


def _write_dataset(
    source: Readers, planned: Sequence[PlannedFile], opened: Sequence[BinaryIO]
) -> Iterator[ExportFile]:
    hashing = [HashingFile(file) for file in opened]
    with ExitStack() as writing:
        writers = [
            writing.enter_context(_writer(file, each.file_format))
            for each, file in zip(planned, hashing, strict=True)
        ]
        for place, table in _tables(source, planned):
            writers[place](table)
    for each, hashed in zip(planned, hashing, strict=True):
        yield ExportFile(
            name=each.name,
            dataset=each.dataset,
            role=each.role,
            layout=each.layout,
            split=each.split,
            rows=each.rows,
            bytes=hashed.size_bytes,
            sha1=hashed.sha1,
            trigger=each.trigger,
            about=each.about,
            repeat=each.repeat,
        )


def _sync_all(files: Sequence[BinaryIO], opened: ExitStack) -> None:
    with opened:
        for file in files:
            sync(file)


def write_bytes(path: Path, content: bytes) -> str:
    """Write and sync a small new file and return its SHA-1."""
    with path.open("xb") as file:
        file.write(content)
        sync(file)
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def sync(file: BinaryIO) -> None:
    """See that a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """See that a folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _writer(file: HashingFile, file_format: FileFormat) -> AbstractContextManager[Write]:
    """Return what writes tables of rendered rows to a file, one after another."""
    if file_format == "parquet":
        return parquet(file)
    return lines(file, is_array=file_format == "json")


@contextmanager
def lines(file: HashingFile, *, is_array: bool) -> Iterator[Write]:
    """Write JSON objects as an array with one row a line, or one a line without an array."""

    def write(table: pyarrow.Table) -> None:
        for chunk in table.column(0).chunks:
            piece = _bytes_of(chunk)
            if is_array and not file.size_bytes and len(piece):
                # Each row comes with the comma and line break before it.
                file.write(b"[")
                piece = piece[1:]
            file.write(piece)

    yield write
    if is_array:
        file.write(b"\n]\n" if file.size_bytes else b"[]\n")


def _bytes_of(chunk: pyarrow.Array) -> memoryview:
    """Return the texts of an array as they lie in memory, one directly after the other."""
    column = chunk.cast(pyarrow.large_string())
    places = memoryview(column.buffers()[1]).cast("q")
    start, end = places[column.offset], places[column.offset + len(column)]
    content = column.buffers()[2]
    return memoryview(content)[start:end] if content else memoryview(b"")


@contextmanager
def parquet(file: HashingFile) -> Iterator[Write]:
    """Write tables of columns, each as row groups of its own."""
    with ExitStack() as stack:
        writers: list[pyarrow.parquet.ParquetWriter] = []

        def write(table: pyarrow.Table) -> None:
            if not writers:
                made = pyarrow.parquet.ParquetWriter(file, table.schema, compression="zstd")
                writers.append(stack.enter_context(made))
            # Pages end where a piece of memory does, which differs from time to time.
            writers[0].write_table(table.combine_chunks())

        yield write


def _tables(source: Readers, planned: Sequence[PlannedFile]) -> Iterator[tuple[int, pyarrow.Table]]:
    """Yield rendered rows, in order in each file, and the place of the file that they go to;
    works ahead a little."""

    def render(place: int, ids: pyarrow.Array) -> tuple[int, pyarrow.Table]:
        file = planned[place]
        with source.cursor() as cursor:
            return place, export_rows.rendered(cursor, ids, file.shape, file.file_format)

    waiting: deque[Future[tuple[int, pyarrow.Table]]] = deque()
    for place, ids in _stretches(planned):
        waiting.append(source.threads.submit(render, place, pyarrow.array(ids)))
        if len(waiting) > THREADS:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _stretches(planned: Sequence[PlannedFile]) -> Iterator[tuple[int, Integers]]:
    """Yield places of files and ids: the files go through the pairs side by side, each as often as
    it repeats them."""
    for number in range(max(each.repeat for each in planned)):
        places = [place for place, each in enumerate(planned) if each.repeat > number]
        # Each file's ids rise: sorting merges them, where `unique` would hash them all.
        ids = numpy.sort(numpy.concatenate([planned[n].ids for n in places]), kind="stable")
        borders = ids[numpy.diff(ids, prepend=-1) > 0][STRETCH_ROWS::STRETCH_ROWS]
        parts = [
            numpy.split(planned[place].ids, _cuts(planned[place], borders)) for place in places
        ]
        for stretch in zip_longest(*parts, fillvalue=ids[:0]):
            yield from (
                (place, part) for place, part in zip(places, stretch, strict=True) if len(part)
            )


def _cuts(file: PlannedFile, borders: Integers) -> Integers:
    """Return where the ids of a file are cut: at the borders, or into its row groups."""
    if file.file_format == "parquet":
        return numpy.arange(_ROW_GROUP, len(file.ids), _ROW_GROUP)
    return numpy.searchsorted(file.ids, borders)
