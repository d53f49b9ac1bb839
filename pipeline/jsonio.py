"""JSON files that are whole or absent, and JSON lines that tolerate a half-written end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path


def write_atomic(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write `content` so that at any instant `path` is the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_json(path: Path, value: object, *, mode: int = 0o644) -> None:
    """Write `value` as indented UTF-8 JSON, atomically."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    write_atomic(path, (text + "\n").encode(), mode=mode)


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; FileNotFoundError if absent, ValueError if it is something else."""
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds no JSON object")
    return value


def read_lines(path: Path, offset: int = 0) -> tuple[list[dict[str, object]], int]:
    """Return the whole JSON lines from byte `offset` on, and the offset after the last whole one.

    A last line without its newline is still being written: it is left for the next call.
    A missing file is an empty one. A whole line that is no JSON object raises ValueError.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    end = data.rfind(b"\n") + 1
    rows = list(_objects(path, data[:end]))
    return rows, offset + end


def _objects(path: Path, data: bytes) -> Iterator[dict[str, object]]:
    for line in data.splitlines():
        if not line.strip():
            continue
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError(f"{path} holds a line that is no JSON object: {line[:80]!r}")
        yield value
