"""Other wordings that share few words: found by a local embedding model, held to the same guards.

A model alone is not to be believed: it finds "the capital of France" close to "the capital of
Spain", and a question close to its negation. So a link needs equal numbers, equal negations, the
same names, and answers that say the same; what fails is left out and stays with the words' verdict.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import pyarrow
from numpy.typing import NDArray

from pipeline.curate.links import Found, Links
from pipeline.curate.near import Progress
from pipeline.curate.normalise import key, numbers_of, tokens
from pipeline.errors import BadInput

Vectors = NDArray[np.float32]
FLOOR = 0.4
DEFAULT_THRESHOLD = 0.6
"""Cosine of two questions whose answers are alike; docs/log.md says what it finds."""
ANSWERS_ALIKE = 0.85
"""Cosine from which two answers in other words say the same, numbers and negations equal."""
MOST_ROWS = 200_000
"""Each row is compared with each: four times the rows take sixteen times as long."""
_BLOCK_ROWS = 1024
_BATCH_TEXTS = 4096
_CLOSEST_EACH = 10
_LONGEST = 300
"""Characters of a text that are embedded; the time grows with them."""
# "Gull Island", "HTTP": a capital that does not merely begin a sentence.
_NAME = re.compile(r"(?<=[^.!?。！？\n] )[A-Z]\w+|\b[A-Z]{2,}\w*")

_NEGATIONS = frozenset(
    (
        *("not", "no", "never", "none", "without", "cannot", "nor", "neither", "t", "isn", "don"),
        *("doesn", "won", "didn", "aren", "wasn", "weren", "shouldn", "couldn", "unable"),
        *"不没非无未勿别莫否禁",
    )
)
# Words that hold such a character and do not negate.
_PLAIN = re.compile(
    "是否|能否|可否|不过|不仅|不但|不同|不断|非常|无论|特别|区别|分别|别人|级别|类别|性别|未来|除非"
)


class Encoder(Protocol):
    """Turns texts into vectors of length 1; close meanings give close directions."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a row a text."""
        ...


def find_links(
    rows: pyarrow.Table, encoder: Encoder, *, floor: float, progress: Progress = lambda _: None
) -> Links:
    """Return the rows that ask the same in other words, at or above a cosine of `floor`.

    Columns question, answer, context, system and history. BadInput above MOST_ROWS rows.
    """
    if rows.num_rows > MOST_ROWS:
        raise BadInput(
            "{num_rows:,} pairs are too many to compare by meaning, at most {most:,}. Choose "
            "a smaller dataset; comparing by words has no such limit.",
            num_rows=rows.num_rows,
            most=MOST_ROWS,
        )
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names}
    texts = zip(columns["question"], columns["context"], strict=True)
    asked = [f"{context}\n{question}" if context else question for question, context in texts]
    setting = list(zip(columns["system"], columns["history"], strict=True))
    guards = [_guard(text) for text in asked]
    questions = _encoded(encoder, asked, lambda share: progress(share * 0.5))
    close = [
        (one, other, score)
        for one, other, score in _neighbours(
            questions, floor, lambda share: progress(0.5 + share * 0.3)
        )
        if guards[one] == guards[other] and setting[one] == setting[other]
    ]
    # Only the answers that matter are read: they are long, and most questions have no neighbour.
    rows_near = sorted({row for one, other, _ in close for row in (one, other)})
    texts_near = [columns["answer"][row] for row in rows_near]
    vectors = _encoded(encoder, texts_near, lambda share: progress(0.8 + share * 0.2))
    answers = {
        row: _Answer.of(text, vector)
        for row, text, vector in zip(rows_near, texts_near, vectors, strict=True)
    }
    found: list[Found] = [
        (one, other, "paraphrase", min(score, 1.0), answers[one].like(answers[other]), "reworded")
        for one, other, score in close
        if answers[one].says_the_same(answers[other])
    ]
    return Links.of(found)


@dataclass(frozen=True, slots=True)
class _Answer:
    key: str
    numbers: tuple[str, ...]
    negations: int
    vector: Vectors

    @classmethod
    def of(cls, text: str, vector: Vectors) -> Self:
        return cls(key(text), numbers_of(text), _negations(text), vector)

    def like(self, other: "_Answer") -> float:
        return min(max(float(self.vector @ other.vector), 0.0), 1.0)

    def says_the_same(self, other: "_Answer") -> bool:
        if self.key == other.key:
            return True
        has_same = (self.numbers, self.negations) == (other.numbers, other.negations)
        return has_same and self.like(other) >= ANSWERS_ALIKE


def _encoded(encoder: Encoder, texts: list[str], progress: Progress) -> Vectors:
    """Encode the beginning of each different text once."""
    numbers: dict[str, int] = {}
    places = [numbers.setdefault(text[:_LONGEST], len(numbers)) for text in texts]
    unique = list(numbers)
    parts = []
    for start in range(0, len(unique), _BATCH_TEXTS):
        parts.append(np.asarray(encoder.encode(unique[start : start + _BATCH_TEXTS]), np.float32))
        progress(min(1.0, (start + _BATCH_TEXTS) / len(unique)))
    return np.concatenate(parts)[places] if parts else np.zeros((0, 1), np.float32)


def _neighbours(
    vectors: Vectors, floor: float, progress: Progress
) -> Iterator[tuple[int, int, float]]:
    """Yield (i, j, cosine) with i < j of the closest rows of each row, exactly, block by block."""
    count = len(vectors)
    for start in range(0, count, _BLOCK_ROWS):
        block = vectors[start : start + _BLOCK_ROWS]
        cosine = block @ vectors[start:].T
        for row in range(len(block)):
            later = cosine[row, row + 1 :]
            near = np.flatnonzero(later >= floor)
            if len(near) > _CLOSEST_EACH:
                near = near[np.argsort(-later[near], kind="stable")[:_CLOSEST_EACH]]
            for place in near:
                yield start + row, int(start + row + 1 + place), float(later[place])
        progress(min(1.0, (start + _BLOCK_ROWS) / count))


def _guard(text: str) -> tuple[object, ...]:
    """Return what has to be equal: numbers, how often it is negated, names by their capitals."""
    return Counter(numbers_of(text)), _negations(text), frozenset(_NAME.findall(text))


def _negations(text: str) -> int:
    """Return whether a text is negated once more than evenly."""
    return sum(word in _NEGATIONS for word in tokens(_PLAIN.sub("", text))) % 2
