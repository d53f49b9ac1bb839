"""Reading records out of files: JSON, JSON lines, CSV, TSV and parquet, with what was refused.

Knows nothing of questions and answers: a record is what the file holds at one place.
"""

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow
import pyarrow.parquet

from pipeline.errors import BadInput

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be used, where it is, and why."""

    file: str
    row: int
    """1-based, counted as the file counts its records."""
    reason: str


@dataclass(slots=True)
class Records:
    """The records of one file, each with its 1-based row, and what was refused on the way."""

    file: str
    rows: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def take(self, row: int, value: object) -> None:
        """Keep a record, or refuse what is no object."""
        if isinstance(value, dict):
            self.rows.append((row, {str(key): item for key, item in value.items()}))
        else:
            self.refuse(row, f"is no object with fields but {_kind(value)}")

    def refuse(self, row: int, reason: str) -> None:
        """Note that the record at a row cannot be used."""
        self.refused.append(Refused(self.file, row, reason))


def read_records(path: Path) -> Records:
    """Read every record of a file; BadInput where nothing of it can be read at all."""
    records = Records(path.name)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(SUFFIXES)
        raise BadInput(f"{path.name}: files ending in {path.suffix!r} cannot be read. Use {known}.")
    try:
        if path.stat().st_size == 0:
            raise BadInput(f"{path.name} is empty: it has 0 bytes. Choose a file with pairs in it.")
        reader(path, records)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    return records


def _json(path: Path, records: Records) -> None:
    text = _decoded(path, records)
    if text.lstrip()[:1] == "[":
        _array(text, records)
    else:
        _lines(text, records)


def _array(text: str, records: Records) -> None:
    """Read an array item by item, so that a break late in the file loses nothing before it."""
    decoder = json.JSONDecoder()
    place = text.index("[") + 1
    row = 0
    while True:
        place = _skip(text, place, " \t\r\n,")
        if text[place : place + 1] == "]":
            if text[place + 1 :].strip():
                records.warnings.append(f"{records.file}: what follows the array was left out.")
            return
        row += 1
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, place) + 1
            what = "ends in the middle" if _is_at_end(text, error) else "is no valid JSON"
            reason = f"the file {what} of this row (line {line}); the rows before it were read"
            records.refuse(row, reason)
            return
        records.take(row, value)


def _lines(text: str, records: Records) -> None:
    """Read one object a line, or one object over the whole file."""
    row = 0
    lines = text.split("\n")
    for line in lines:
        if not line.strip():
            continue
        row += 1
        try:
            records.take(row, json.loads(line))
        except (ValueError, RecursionError) as error:
            if row == 1 and _whole(text, records):
                return
            records.refuse(row, f"is no valid JSON ({error})")


def _whole(text: str, records: Records) -> bool:
    """Take the file as a single pretty-printed object; True if it is one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    records.take(1, value)
    return True


def _csv(path: Path, records: Records) -> None:
    _separated(path, records, ",")


def _tsv(path: Path, records: Records) -> None:
    _separated(path, records, "\t")


def _separated(path: Path, records: Records, delimiter: str) -> None:
    text = _decoded(path, records)
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader, [])]
        for row, values in enumerate(reader, start=1):
            if len(values) > len(header):
                records.refuse(row, f"has {len(values)} fields under {len(header)} column names")
            elif any(value.strip() for value in values):
                records.take(row, dict(zip(header, values, strict=False)))
    except csv.Error as error:
        records.refuse(len(records.rows) + len(records.refused) + 1, f"is no valid CSV ({error})")
    finally:
        csv.field_size_limit(before)


def _parquet(path: Path, records: Records) -> None:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            row = 0
            for batch in file.iter_batches(batch_size=10_000):
                for value in batch.to_pylist():
                    row += 1
                    records.take(row, value)
    except pyarrow.ArrowException as error:
        raise BadInput(f"{path.name} is no readable parquet file: {error}.") from error


def _decoded(path: Path, records: Records) -> str:
    """Decode a file as UTF-8, else as what it proves to be, with a warning; BadInput otherwise."""
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            records.warnings.append(
                f"{records.file} is not UTF-8; it was read as {encoding}. Check the first rows."
            )
        if not text.strip():
            raise BadInput(f"{path.name} holds only white space. Choose a file with pairs in it.")
        return text
    place = _first_bad_byte(data)
    raise BadInput(
        f"{path.name} is neither UTF-8 nor GB18030 text (the first bad byte is at {place:,}). "
        "Save it as UTF-8 and import it again."
    )


def _first_bad_byte(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def _skip(text: str, place: int, characters: str) -> int:
    while place < len(text) and text[place] in characters:
        place += 1
    return place


def _is_at_end(text: str, error: Exception) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    is_open_string = error.msg.startswith("Unterminated string")
    return is_open_string or error.pos >= len(text.rstrip())


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {str: "a text", list: "a list", bool: "true or false"}.get(type(value), "a number")


_READERS: dict[str, Callable[[Path, Records], None]] = {
    ".json": _json,
    ".jsonl": _json,
    ".ndjson": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}
