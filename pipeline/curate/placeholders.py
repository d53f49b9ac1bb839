"""Placeholders such as `{{name}}`: finding them, filling them, and saying which are left."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from store.types import NewPair, Pair, Turn

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s][^{}]{0,40}?)\s*\}\}")


def found(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the placeholders in some texts, each once, in order of appearance."""
    names = (name for text in texts for name in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys(names))


def texts_of(pair: NewPair | Pair) -> tuple[str, ...]:
    """Return every text of a pair that a model would see."""
    turns = tuple(text for turn in pair.history for text in (turn.question, turn.answer))
    return (pair.question, pair.answer, pair.context, pair.system or "", *turns)


def filled(pair: NewPair, values: Mapping[str, str]) -> NewPair:
    """Return the pair with the known placeholders filled; names count as they are written."""
    if not values or not found(texts_of(pair)):
        return pair

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda m: values.get(m.group(1), m.group(0)), text)

    return replace(
        pair,
        question=fill(pair.question),
        answer=fill(pair.answer),
        context=fill(pair.context),
        system=None if pair.system is None else fill(pair.system),
        history=tuple(Turn(fill(turn.question), fill(turn.answer)) for turn in pair.history),
        facts=tuple(fill(fact) for fact in pair.facts),
    )
