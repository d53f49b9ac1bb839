"""JSON files that are whole or absent, and JSON lines that tolerate a half-written end."""

import json
import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import orjson

from pipeline.said import Said


def write_atomic(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write `content` so that at any instant `path` is the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object, *, mode: int = 0o644) -> None:
    """Write `value` as indented UTF-8 JSON, atomically."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    write_atomic(path, (text + "\n").encode(), mode=mode)


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; FileNotFoundError if absent, ValueError if it is something else."""
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            Said("{path} is not valid JSON: {error}", path=path, error=error)
        ) from error
    if not isinstance(value, dict):
        raise ValueError(Said("{path} holds no JSON object", path=path))
    return value


def read_lines(
    path: Path, offset: int = 0, *, newest: int | None = None, of: bytes = b""
) -> tuple[list[dict[str, object]], int]:
    """Return the whole JSON lines from byte `offset` on, and the offset after the last whole one.

    A last line without its newline is still being written: it is left for the next call.
    A missing file is an empty one. A whole line that is no JSON object raises ValueError,
    which tells its number.
    With `newest` given, only so many of the lines that hold the bytes `of` are read, the last.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    end = data.rfind(b"\n") + 1
    lines = data[:end].splitlines()
    left_out: set[int] = set()
    if newest is not None:
        alike = [number for number, line in enumerate(lines) if of in line]
        left_out.update(alike[: max(len(alike) - newest, 0)])
    return list(_objects(path, offset, lines, left_out)), offset + end


def _objects(
    path: Path, offset: int, lines: Iterable[bytes], left_out: Container[int]
) -> Iterator[dict[str, object]]:
    for number, line in enumerate(lines):
        if number in left_out or not line.strip():
            continue
        try:
            value = _loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ValueError(
                Said(
                    "line {number} is no JSON object: {line!r}",
                    number=1 + number + _lines_before(path, offset),
                    line=line[:80].decode(errors="replace"),
                )
            )
        yield value


def _lines_before(path: Path, offset: int) -> int:
    with path.open("rb") as file:
        return file.read(offset).count(b"\n")


def _loads(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except ValueError:  # Python's reader also knows NaN and Infinity, as its writer does.
        return json.loads(line.decode())  # Of bytes it would guess that NULs are UTF-32.
