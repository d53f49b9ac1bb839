"""Whether the pairs of one field look like two: heaps of texts that share hardly any words.

Words (of Latin letters) and pairs of neighbouring characters (of Chinese) are weighed by how rare
they are; two-means from the main directions of their differences cuts the texts in two; what the
halves share tells. One field cut in two by topic shares a twentieth of its words and more. What two
fields share may be as much, above all in English: it says nothing rather than cry wolf.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy

FEWEST_TEXTS = 40
MOST_TEXTS = 400
MOST_WORDS = 2_000
LEAST_SHARE = 0.12
"""A smaller heap is a few strays, which reviewing finds."""
MOST_SHARED = 0.03
"""Measured (docs/log.md): single fields .044 to .46, two fields in Chinese .004 to .018."""
_RUN = re.compile(r"[a-z]{3,}|[\u3400-\u9fff]+")
_TOLD = 4
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class TwoFields:
    """Two heaps of texts, the words that tell them apart, and how much they share (0 to 1)."""

    one: tuple[str, ...]
    other: tuple[str, ...]
    share: float
    """Of the texts in the smaller heap."""
    shared_words: float


def two_fields(texts: list[str]) -> TwoFields | None:
    """Return the two heaps that texts of one language fall into; None where it is one."""
    words, table = _table(texts[:MOST_TEXTS])
    if len(table) < FEWEST_TEXTS or len(words) < FEWEST_TEXTS:
        return None
    weights = table * numpy.log(len(table) / table.sum(axis=0))
    weights /= numpy.maximum(numpy.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
    cuts = [cut for cut in _cuts(weights) if min(cut.mean(), 1 - cut.mean()) >= LEAST_SHARE]
    found = [(_shared(table[cut], table[~cut]), cut) for cut in cuts]
    if not found:
        return None
    shared, cut = min(found, key=lambda each: each[0])
    if shared > MOST_SHARED:
        return None
    difference = table[cut].mean(axis=0) - table[~cut].mean(axis=0)
    order = numpy.argsort(difference, kind="stable")
    return TwoFields(
        one=tuple(words[place] for place in order[::-1][:_TOLD]),
        other=tuple(words[place] for place in order[:_TOLD]),
        share=float(min(cut.mean(), 1 - cut.mean())),
        shared_words=shared,
    )


def _table(texts: list[str]) -> tuple[list[str], "numpy.ndarray"]:
    """Return the words that are neither rare nor everywhere, and which text has which."""
    found = [_words(text) for text in texts]
    counts = Counter(word for each in found for word in each)
    most = len(found) * 0.5
    usual = [word for word, n in counts.items() if 3 <= n <= most]
    # By the word where they are as frequent: the same texts are told in the same words.
    kept = sorted(usual, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    places = {word: place for place, word in enumerate(kept)}
    table = numpy.zeros((len(found), len(kept)), dtype=numpy.float32)
    for row, each in enumerate(found):
        table[row, [places[word] for word in each if word in places]] = 1
    return kept, table


def _words(text: str) -> set[str]:
    found: set[str] = set()
    for run in _RUN.findall(text.lower()[:2_000]):
        if run[0].isascii():
            found.add(run)
        else:
            found |= {run[n : n + 2] for n in range(len(run) - 1)}
    return found


def _cuts(weights: "numpy.ndarray") -> list["numpy.ndarray"]:
    """Cut the texts in two from each of the first directions, by two-means over the cosine."""
    _, directions = numpy.linalg.eigh(weights @ weights.T)
    cuts = []
    for number in (1, 2, 3):
        cut = directions[:, -number] > 0
        for _ in range(_ROUNDS):
            if cut.all() or not cut.any():
                break
            centres = numpy.stack([weights[cut].mean(axis=0), weights[~cut].mean(axis=0)])
            centres /= numpy.maximum(numpy.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
            near = weights @ centres.T
            cut = near[:, 0] > near[:, 1]
        cuts.append(cut)
    return cuts


def _shared(one: "numpy.ndarray", other: "numpy.ndarray") -> float:
    """Return how much of their use of words two heaps have in common."""
    first, second = one.mean(axis=0), other.mean(axis=0)
    return float(numpy.minimum(first, second).sum() / numpy.maximum(first, second).sum())
