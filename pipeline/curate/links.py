"""What comparing pairs gives: links between rows, as columns of numbers.

A million links are a few arrays here and never a million objects. Rows are numbered as the
compared table numbers them; which pair a row is, only the caller knows.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from store.relation_types import Reason, Relation

RELATIONS: tuple[Relation, ...] = ("duplicate", "paraphrase", "conflict", "lookalike")
REASONS: tuple[Reason, ...] = (
    "same", "edited", "reworded", "number", "unit", "date", "name", "negation", "answer",
)  # fmt: skip


Found = tuple[int, int, Relation, float, float, Reason]
"""One link in the order of the columns below, relation and reason as words."""


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of rows that are close, each with its relation and the reason for it.

    All arrays have one length. Groups of equal rows are linked as a star or chain, never each
    with each.
    """

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    """Row numbers, one < other."""
    relation: NDArray[np.int8]
    """Index into RELATIONS."""
    score: NDArray[np.float32]
    """Similarity of what was asked, 0 to 1; 1.0 is identical after normalisation."""
    answer_score: NDArray[np.float32]
    """Similarity of the answers, 0 to 1."""
    reason: NDArray[np.int8]
    """Index into REASONS."""

    def __len__(self) -> int:
        return len(self.one)

    @classmethod
    def empty(cls) -> Self:
        """Return no links."""
        return cls.of([])

    @classmethod
    def of(cls, rows: list[Found]) -> Self:
        """Return links from tuples in the order of the fields, relation and reason as words."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * 6
        one, other, relation, score, answer_score, reason = columns
        return cls(
            np.array(one, np.int64),
            np.array(other, np.int64),
            np.array([RELATIONS.index(name) for name in relation], np.int8),
            np.array(score, np.float32),
            np.array(answer_score, np.float32),
            np.array([REASONS.index(name) for name in reason], np.int8),
        )

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Links":
        """Return the links that a mask or an array of places picks."""
        return Links(*(getattr(self, field.name)[which] for field in fields(self)))

    def __add__(self, more: "Links") -> "Links":
        """Return these links and then the others."""
        columns = [(getattr(self, field.name), getattr(more, field.name)) for field in fields(self)]
        return Links(*(np.concatenate(pair) for pair in columns))
