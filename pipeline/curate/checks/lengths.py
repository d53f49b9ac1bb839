"""Lengths in tokens: counted by a model's own tokenizer where there is one, else estimated.

Counting every pair would cost more than all other checks, so lengths are estimated from the kinds
of characters, with weights fitted to that tokenizer on a sample; only what comes near the cut-off
is counted. Without a tokenizer the weights are those of common Chinese-English models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from tokenizers import Tokenizer

from pipeline.train.config import Settings
from pipeline.workspace import Workspace

CUTOFF_TOKENS = Settings().cutoff_tokens
NEAR = 0.7
"""A text whose estimate is above this share of the cut-off is counted."""
CODES = ("too_long_question", "too_long_answer")
# Tokens per Han character, Latin letter, digit, other byte group and space.
USUAL_WEIGHTS = (0.68, 0.21, 0.8, 0.6, 0.05)


@dataclass(frozen=True, slots=True)
class Ruler:
    """How lengths are told: by which tokenizer, and with which weights before counting."""

    weights: tuple[float, ...] = USUAL_WEIGHTS
    tokenizer_file: str = ""
    """Path of a tokenizer.json; empty where lengths are estimates."""
    model: str = ""
    """The model whose tokenizer it is."""


def ruler_of(workspace: Workspace) -> Ruler:
    """Return the ruler of the first model of a workspace that has a tokenizer.json."""
    for file in sorted(workspace.models.glob("*/tokenizer.json")):
        return Ruler(tokenizer_file=str(file), model=file.parent.name)
    return Ruler()


def fitted(ruler: Ruler, texts: Sequence[str], counts: "numpy.ndarray") -> Ruler:
    """Return the ruler with weights fitted to its tokenizer on some texts.

    `counts` has a row per text and a column per kind of character, as `kinds` gives them.
    """
    if not ruler.tokenizer_file or len(texts) < 20:
        return ruler
    lengths = numpy.array(counted(ruler.tokenizer_file, texts), dtype=numpy.float64)
    # Kinds that hardly occur keep their usual weight: nothing here tells it.
    seen = counts.sum(axis=0) > 200
    weights = numpy.array(USUAL_WEIGHTS)
    rest = lengths - counts[:, ~seen] @ weights[~seen]
    if seen.any():
        weights[seen] = numpy.linalg.lstsq(counts[:, seen], rest, rcond=None)[0]
    return Ruler(tuple(float(max(w, 0.0)) for w in weights), ruler.tokenizer_file, ruler.model)


def estimated(kinds: "numpy.ndarray", ruler: Ruler) -> "numpy.ndarray":
    """Return the estimated length of each text, from its kinds of characters."""
    sizes = numpy.rint(kinds @ numpy.array(ruler.weights)).astype(numpy.int64)
    least: numpy.ndarray = (kinds.sum(axis=1) > 0).astype(numpy.int64)
    return numpy.asarray(numpy.maximum(sizes, least))


def counted(tokenizer_file: str, texts: Sequence[str]) -> list[int]:
    """Return how many tokens a tokenizer makes of each text, without its special tokens."""
    tokenizer = _tokenizer(tokenizer_file)
    return [len(each.ids) for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


_open: dict[str, Tokenizer] = {}


def _tokenizer(file: str) -> Tokenizer:
    if file not in _open:
        tokenizer = Tokenizer.from_file(file)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        _open[file] = tokenizer
    return _open[file]
