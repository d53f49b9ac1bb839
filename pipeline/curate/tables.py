"""Records out of tables: CSV and TSV, spreadsheets, parquet files and Arrow files."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow
import pyarrow.parquet
import python_calamine

from pipeline.curate.encoding import BLOCK_BYTES, BlockFile, Undecodable, Utf8Blocks
from pipeline.curate.records import Batch
from pipeline.errors import BadInput
from pipeline.said import Said

LONGEST_FIELD = 128 << 20
"""A longer field of a CSV is a quote that was never closed."""
_BATCH_ROWS = 4_096
_DELIMITERS = (",", "\t", ";", "|")


def read_separated(blocks: Utf8Blocks, delimiter: str) -> Iterator[Batch]:
    """Yield the rows of a CSV or TSV under the names in its first row."""
    raw = io.BufferedReader(BlockFile(iter(blocks)), BLOCK_BYTES)
    lines = io.TextIOWrapper(raw, "utf-8", errors="surrogateescape", newline="")
    csv.field_size_limit(min(sys.maxsize, LONGEST_FIELD))
    first = lines.readline()
    # Where the names are divided by something else, so is the rest.
    chosen = delimiter if delimiter in first else max(_DELIMITERS, key=first.count)
    reader = csv.reader(_chained(first, lines), delimiter=chosen, strict=True)
    row, begun_at, batch = 0, 0, Batch()
    try:
        header = _distinct([name.strip() for name in next(reader, [])])
    except csv.Error as error:
        yield Batch(refused=[(1, Said("is no valid CSV ({error})", error=error))])
        return
    while True:
        row += 1
        try:
            values = next(reader, None)
        except (csv.Error, Undecodable) as error:
            if isinstance(error, Undecodable):
                batch.refused.append((row, error.said))
                break
            batch.refused.append((row, Said("is no valid CSV ({error})", error=error)))
            continue
        if values is None:
            break
        if len(values) > len(header):
            batch.refused.append(
                (
                    row,
                    Said(
                        "has {found} fields under {named} names",
                        found=len(values),
                        named=len(header),
                    ),
                )
            )
        elif any(values) and any(map(str.strip, values)):
            batch.take(row, dict(zip(header, values, strict=False)))
        if len(batch.rows) >= _BATCH_ROWS or blocks.place - begun_at > 2 * BLOCK_BYTES:
            yield batch
            batch, begun_at = Batch(), blocks.place
    yield batch


def read_sheet(path: Path, warnings: list[str], note: Callable[[float], None]) -> Iterator[Batch]:
    """Yield the rows of the first sheet that has any; `note` is told the share that was read."""
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
    except (python_calamine.CalamineError, OSError) as error:
        raise BadInput(
            "{path} is no readable workbook: {error}.", path=path.name, error=error
        ) from error
    filled = [name for name, sheet in sheets.items() if sheet.height > 1]
    if not filled:
        return
    if len(filled) > 1:
        others = ", ".join(filled[1:])
        warnings.append(
            Said(
                "{path}: only the sheet {sheet} was read, not {others}.",
                path=path.name,
                sheet=filled[0],
                others=others,
            )
        )
    sheet = sheets[filled[0]]
    rows = sheet.iter_rows()
    header = _distinct([str(_cell(value)).strip() for value in next(rows, [])])
    batch = Batch()
    for row, values in enumerate(rows, start=1):
        cells = [_cell(value) for value in values]
        if any(str(cell).strip() for cell in cells):
            record = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            batch.take(row, record)
        if len(batch.rows) >= _BATCH_ROWS:
            note(row / sheet.height)
            yield batch
            batch = Batch()
    note(1.0)
    yield batch


def read_parquet(path: Path, note: Callable[[float], None]) -> Iterator[Batch]:
    """Yield the rows of a parquet file, without columns of bytes such as pictures."""
    try:
        # Buffered, so that a file of one huge row group is not held whole.
        with pyarrow.parquet.ParquetFile(path, buffer_size=BLOCK_BYTES, pre_buffer=False) as file:
            names = [field.name for field in file.schema_arrow if not _is_bytes(field.type)]
            total = max(1, file.metadata.num_rows)
            row = 0
            for piece in file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
                batch = _batch(piece, row)
                row += piece.num_rows
                note(row / total)
                yield batch
    except pyarrow.ArrowException as error:
        raise BadInput(
            "{path} is no readable parquet file: {error}.", path=path.name, error=error
        ) from error


def read_arrow(paths: tuple[Path, ...], note: Callable[[float], None]) -> Iterator[Batch]:
    """Yield the rows of Arrow files (streams, as `datasets` saves them, or files), one by one."""
    row = 0
    for number, path in enumerate(paths):
        try:
            with pyarrow.memory_map(str(path)) as source:
                for piece in _arrow_batches(source):
                    for start in range(0, piece.num_rows, _BATCH_ROWS):
                        part = piece.slice(start, _BATCH_ROWS)
                        batch = _batch(part, row)
                        row += part.num_rows
                        note((number + source.tell() / max(1, source.size())) / len(paths))
                        yield batch
        except pyarrow.ArrowException as error:
            raise BadInput(
                "{path} is no readable Arrow file: {error}.", path=path.name, error=error
            ) from error
    note(1.0)


def _arrow_batches(source: pyarrow.MemoryMappedFile) -> Iterator[pyarrow.RecordBatch]:
    try:
        file = pyarrow.ipc.open_file(source)
    except pyarrow.ArrowInvalid:
        source.seek(0)
        yield from pyarrow.ipc.open_stream(source)
        return
    for number in range(file.num_record_batches):
        yield file.get_batch(number)


def _batch(piece: pyarrow.RecordBatch, before: int) -> Batch:
    kept = [field.name for field in piece.schema if not _is_bytes(field.type)]
    records = piece.select(kept).to_pylist()
    return Batch(list(range(before + 1, before + 1 + len(records))), records)


def _is_bytes(kind: pyarrow.DataType) -> bool:
    types = pyarrow.types
    if types.is_struct(kind):
        return any(_is_bytes(kind.field(place).type) for place in range(kind.num_fields))
    if types.is_list(kind) or types.is_large_list(kind):
        return _is_bytes(kind.value_type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _distinct(names: list[str]) -> list[str]:
    """Number the repeats of a name, `answer (2)`, so that each column can be chosen."""
    taken, count = set(names), Counter[str]()
    found = []
    for name in names:
        count[name] += 1
        each = name
        while name and count[name] > 1 and each in taken:
            each = f"{name} ({count[name]})"
            count[name] += each in taken
        taken.add(each)
        found.append(each)
    return found


def _cell(value: object) -> object:
    """A spreadsheet knows no whole numbers: 5.0 is what a person typed as 5."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, str | int | float) else str(value)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
