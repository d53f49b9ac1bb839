"""`rows.jsonl` of an evaluation folder: the answers, appended as they are finished.

An evaluation that was interrupted goes on from here: what stands in the file is not asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline import rows
from pipeline.rows import NAME

__all__ = ["NAME", "RawAnswer", "append", "mend", "read"]


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
    return rows.read(folder, RawAnswer)


def mend(folder: Path) -> None:
    """Cut off a half-written last line, so that the next one starts a line of its own."""
    rows.mend(folder)


def append(folder: Path, answers: Iterable[RawAnswer]) -> None:
    """Add answers and return only once they are on the disk."""
    rows.append(folder, answers)
