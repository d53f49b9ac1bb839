"""A sentence of the pipeline: its English, and the facts in it apart, so that a page can say it
in another language. It knows no language but English.
"""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Self


class Said(str):
    """A text that remembers the sentence and the facts it was made of.

    `Said("There is no preset {name!r}. Presets: {known}.", name=name, known=tuple(PRESETS))` is the
    English text wherever a text is wanted. `facts` holds what stands at each place, by its name in
    the sentence (`{path.name}` has the name `path.name`); a fact may be a sentence itself.
    """

    sentence: str
    facts: dict[str, object]

    def __new__(cls, sentence: str, /, **facts: object) -> Self:
        """Fill the sentence; one without facts is taken as it is, braces too."""
        english = _English()
        text = english.vformat(sentence, (), facts) if facts else sentence
        said = super().__new__(cls, text)
        said.sentence, said.facts = sentence, english.found
        return said

    def as_json(self) -> dict[str, object]:
        """Return the text, its sentence and facts, for a file or the network."""
        facts = {name: _plain(fact) for name, fact in self.facts.items()}
        return {"message": str(self), "sentence": self.sentence, "facts": facts}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """Return what `as_json` gave; without sentence and facts it is the message alone."""
        said = cls(str(value.get("message", "")))
        facts = value.get("facts")
        if isinstance(facts, Mapping):
            said.sentence = str(value.get("sentence", said))
            said.facts = {str(name): _fact(fact) for name, fact in facts.items()}
        return said


class _English(Formatter):
    """Fills a sentence and notes what stood at each place."""

    def __init__(self) -> None:
        self.found: dict[str, object] = {}

    def get_field(
        self, field_name: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> tuple[object, str]:
        value, first = super().get_field(field_name, args, kwargs)
        self.found[field_name] = _told(value)
        return value, str(first)

    def convert_field(self, value: object, conversion: str | None) -> object:
        if conversion is None and isinstance(value, tuple):
            return several(value)
        return super().convert_field(value, conversion)


def several(values: tuple[object, ...], between: str = ", ", none: str = "none") -> str:
    """Return several facts one after another; whole sentences stand apart by themselves."""
    texts = [str(value) for value in values]
    if texts and all(text.endswith((".", "。")) for text in texts):
        between = " " if texts[0].endswith(".") else ""
    return between.join(texts) or none


def _told(value: object) -> object:
    """Return what an error says in its place: a text holds on to no frames."""
    if isinstance(value, OSError) and value.strerror and value.filename:
        return Said("{error}: {file}", error=value.strerror, file=value.filename)
    if not isinstance(value, BaseException):
        return value
    first = value.args[0] if value.args else None
    return first if isinstance(first, Said) else str(value)


def _plain(fact: object) -> object:
    if isinstance(fact, Said):
        return fact.as_json()
    if isinstance(fact, tuple):
        return [_plain(each) for each in fact]
    return fact if fact is None or isinstance(fact, int | float) else str(fact)


def _fact(value: object) -> object:
    if isinstance(value, Mapping):
        return Said.from_json(value)
    return tuple(map(_fact, value)) if isinstance(value, list) else value
