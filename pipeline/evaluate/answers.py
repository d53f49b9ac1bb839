"""What an evaluation's worker writes, line by line: answers, contrasts, comparisons.

An evaluation that was interrupted goes on from here: what stands in the file is not asked again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import rows
from pipeline.evaluate.config import Form
from pipeline.rows import NAME

__all__ = ["NAME", "Comparison", "ContrastLine", "RawAnswer", "append", "mend", "read"]

CONTRASTS, COMPARISONS = "contrasts.jsonl", "comparisons.jsonl"


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


@dataclass(frozen=True, slots=True)
class ContrastLine:
    """How likely a model finds the right answer of a row, and each wrong one.

    The figures are log-likelihoods a token, so that long answers are no worse than short ones.
    """

    file: str
    row: int
    model: str
    form: Form
    right: float | None
    near: tuple[float, ...]
    """Of the near misses: the same sentence with another value."""
    others: tuple[float, ...]
    """Of other rows' answers."""
    likeliest_wrong: str
    """The wrong answer that it finds likeliest; empty where there is none."""

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What makes a line unique: file, row, model, form."""
        return self.file, self.row, self.model, self.form


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a model makes of the base's own greedy answer to a general row."""

    file: str
    row: int
    model: str
    loss: float | None
    """Mean loss a token of the base's answer; None for an answer without words."""
    base_loss: float | None
    """The same by the base itself."""
    kl: float | None
    """Mean Kullback-Leibler divergence from the base's distribution, in nats a token."""
    agreement: float | None
    """The share of tokens that are this model's first choice where they are the base's."""
    tokens: int

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes a line unique: file, row, model."""
        return self.file, self.row, self.model


def read(folder: Path) -> tuple[RawAnswer, ...]:
    """Return the finished answers of an evaluation folder; a half-written last line is left out."""
    return rows.read(folder, RawAnswer)


def contrasts(folder: Path) -> tuple[ContrastLine, ...]:
    """Return the finished contrasts of an evaluation folder."""
    return rows.read(folder, ContrastLine, CONTRASTS)


def comparisons(folder: Path) -> tuple[Comparison, ...]:
    """Return the finished comparisons of an evaluation folder with the base."""
    return rows.read(folder, Comparison, COMPARISONS)


def mend(folder: Path) -> None:
    """Cut off half-written last lines, so that the next one starts a line of its own."""
    for name in (NAME, CONTRASTS, COMPARISONS):
        rows.mend(folder, name)


def append(folder: Path, lines: Sequence[RawAnswer | ContrastLine | Comparison]) -> None:
    """Add lines, all of one kind, to their file and return only once they are on the disk."""
    if lines:
        name = {ContrastLine: CONTRASTS, Comparison: COMPARISONS}.get(type(lines[0]), NAME)
        rows.append(folder, lines, name)
