"""Writing an export's files, each with its SHA-1 computed on the way and synced to the disk.

Threads render stretches of pairs, and this one writes them in order: at most a few stretches are
held in memory, whatever the size of the export.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow
import pyarrow.parquet

from pipeline.publish.manifest import ExportFile
from pipeline.publish.outline import THREADS, Readers
from pipeline.publish.plan import PlannedFile
from store import export_rows

_CHUNK_ROWS = 20_000


class HashingFile:
    """A file being written, and its SHA-1 and size so far. pyarrow writes to it too."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha1(usedforsecurity=False)
        self.size_bytes = 0
        self.closed = False

    def write(self, piece: bytes | memoryview | pyarrow.Buffer) -> int:
        """Write a piece and count it in."""
        self._file.write(piece)
        self._digest.update(piece)
        size = len(piece)
        self.size_bytes += size
        return size

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""

    @property
    def sha1(self) -> str:
        """The SHA-1 of everything written."""
        return self._digest.hexdigest()


def write_rows(source: Readers, planned: PlannedFile, folder: Path) -> ExportFile:
    """Write a data file and return what the manifest says of it."""
    with (folder / planned.name).open("xb") as file:
        hashing = HashingFile(file)
        tables = _tables(source, planned)
        if planned.file_format == "parquet":
            _write_parquet(hashing, tables)
        else:
            _write_lines(hashing, tables, is_array=planned.file_format == "json")
        sync(file)
    return ExportFile(
        name=planned.name,
        dataset=planned.dataset,
        role=planned.role,
        layout=planned.layout,
        split=planned.split,
        rows=planned.rows,
        bytes=hashing.size_bytes,
        sha1=hashing.sha1,
        trigger=planned.trigger,
        about=planned.about,
        repeat=planned.repeat,
    )


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


def _write_lines(file: HashingFile, tables: Iterable[pyarrow.Table], *, is_array: bool) -> None:
    """Write JSON objects as an array with one row a line, or one a line without an array."""
    is_first = True
    for table in tables:
        for chunk in table.column(0).chunks:
            piece = _bytes_of(chunk)
            if is_array and is_first and len(piece):
                # Each row comes with the comma and line break before it.
                file.write(b"[")
                piece, is_first = piece[1:], False
            file.write(piece)
    if is_array:
        file.write(b"[]\n" if is_first else b"\n]\n")


def _bytes_of(chunk: pyarrow.Array) -> memoryview:
    """Return the texts of an array as they lie in memory, one directly after the other."""
    column = chunk.cast(pyarrow.large_string())
    places = memoryview(column.buffers()[1]).cast("q")
    start, end = places[column.offset], places[column.offset + len(column)]
    content = column.buffers()[2]
    return memoryview(content)[start:end] if content else memoryview(b"")


def _write_parquet(file: HashingFile, tables: Iterator[pyarrow.Table]) -> None:
    first = next(tables)
    with pyarrow.parquet.ParquetWriter(file, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _tables(source: Readers, planned: PlannedFile) -> Iterator[pyarrow.Table]:
    """Yield the rendered rows in order, working ahead a little."""

    def render(ids: pyarrow.Array) -> pyarrow.Table:
        with source.cursor() as cursor:
            return export_rows.rendered(cursor, ids, planned.shape, planned.file_format)

    waiting: deque[Future[pyarrow.Table]] = deque()
    for _ in range(planned.repeat):
        for start in range(0, len(planned.ids), _CHUNK_ROWS):
            ids = pyarrow.array(planned.ids[start : start + _CHUNK_ROWS])
            waiting.append(source.threads.submit(render, ids))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
    while waiting:
        yield cast("pyarrow.Table", waiting.popleft().result())
