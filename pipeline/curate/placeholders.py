"""Placeholders such as `{{name}}`: finding them, filling them, and saying which are left."""

import re
from collections.abc import Callable, Iterable, Mapping

import orjson

from pipeline.curate.shape import Chunk
from store.types import NewPair, Pair

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s][^{}]{0,40}?)\s*\}\}")


def found(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the placeholders in some texts, each once, in order of appearance."""
    names = (name for text in texts for name in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys(names))


def texts_of(pair: NewPair | Pair) -> tuple[str, ...]:
    """Return every text of a pair that a model would see."""
    turns = tuple(text for turn in pair.history for text in (turn.question, turn.answer))
    return (pair.question, pair.answer, pair.context, pair.system or "", *turns)


def fill(chunk: Chunk, values: Mapping[str, str]) -> dict[str, None]:
    """Fill the known placeholders of many pairs in place; names count as they are written.

    Returns the names of those that are left in what a model would see.
    """
    left: dict[str, None] = {}

    def known(text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)

    def seen(text: str) -> str:
        text = known(text)
        left.update(dict.fromkeys(_PLACEHOLDER.findall(text)))
        return text

    for texts in (chunk.question, chunk.answer, chunk.context, chunk.system):
        _each(texts, seen)
    for place in _places(chunk.history):
        turns = [[seen(text) for text in turn] for turn in orjson.loads(chunk.history[place])]
        chunk.history[place] = orjson.dumps(turns).decode()
    if any(chunk.facts):
        chunk.facts = [[known(fact) for fact in facts] for facts in chunk.facts]
    return left


def _each(texts: list[str] | list[str | None], change: Callable[[str], str]) -> None:
    for place in _places(texts):
        texts[place] = change(texts[place] or "")


def _places(texts: list[str] | list[str | None]) -> list[int]:
    # One sign is found several times as fast as two, and most texts have none.
    return [place for place, text in enumerate(texts) if text and "{" in text and "{{" in text]
