"""Answers in a file of JSON lines, appended as they are finished: what stands there is kept.

A worker that was interrupted goes on from here: what stands in the file is not asked again.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.decode import decode
from pipeline.errors import DoesNotHold
from pipeline.jsonio import read_lines

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NAME = "rows.jsonl"
T = TypeVar("T")


def read(folder: Path, kind: type[T], name: str = NAME) -> tuple[T, ...]:
    """Return the finished answers of a folder; a half-written last line is left out."""
    path = folder / name
    try:
        lines, _ = read_lines(path)
        return tuple(decode(kind, line) for line in lines)
    except ValueError as error:
        raise DoesNotHold(
            "{path} is damaged: {error}. Ask again from the start.", path=path, error=error
        ) from error


def mend(folder: Path, name: str = NAME) -> None:
    """Cut off a half-written last line, so that the next one starts a line of its own."""
    path = folder / name
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def append(folder: Path, answers: Iterable["DataclassInstance"], name: str = NAME) -> None:
    """Add answers and return only once they are on the disk."""
    lines = [json.dumps(asdict(answer), ensure_ascii=False) for answer in answers]
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
