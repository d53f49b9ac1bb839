"""`rows.jsonl` of an evaluation folder: the answers, appended as they are finished.

An evaluation that was interrupted goes on from here: what stands in the file is not asked again.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.decode import decode
from pipeline.errors import DoesNotHold
from pipeline.jsonio import read_lines

NAME = "rows.jsonl"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer as the worker wrote it, with the row that it answers."""

    file: str
    row: int
    """0-based."""
    model: str
    question: str
    reference: str
    facts: tuple[str, ...]
    answer: str
    finish_reason: str
    loss: float | None
    """Mean loss a token of the reference answer; None where it could not be computed."""
    loss_tokens: int

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes an answer unique: file, row, model."""
        return self.file, self.row, self.model


def read(folder: Path) -> tuple[RawAnswer, ...]:
    """Return the finished answers of an evaluation folder; a half-written last line is left out."""
    path = folder / NAME
    try:
        lines, _ = read_lines(path)
        return tuple(decode(RawAnswer, line) for line in lines)
    except ValueError as error:
        raise DoesNotHold(f"{path} is damaged: {error}. Evaluate again.") from error


def mend(folder: Path) -> None:
    """Cut off a half-written last line, so that the next one starts a line of its own."""
    path = folder / NAME
    if path.exists():
        _, whole_bytes = read_lines(path)
        with path.open("r+b") as file:
            file.truncate(whole_bytes)


def append(folder: Path, answers: Iterable[RawAnswer]) -> None:
    """Add answers and return only once they are on the disk."""
    lines = [json.dumps(asdict(answer), ensure_ascii=False) for answer in answers]
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
