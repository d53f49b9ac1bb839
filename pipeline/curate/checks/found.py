"""What a check gives back, the texts that it reads, and what it may know of their dataset."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from store.types import NewPair, Pair, Role

Severity = Literal["bad", "look", "hint"]
"""`bad`: a model should not learn this. `look`: a person should decide. `hint`: small dirt."""
Field = Literal["question", "context", "answer", "system", "history"]
SPACE = r"[\s\x0b\x1c-\x1f\x85\p{Z}]"
"""What Python takes for white space, for the fast engine of the gates, whose own is ASCII only."""
LONGEST_FACT = 160
"""Characters of what was found that a finding carries; its span tells the rest."""


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. `is_fixable`: some findings of it have a one-click fix."""

    severity: Severity
    is_fixable: bool = False


CODES: dict[str, Code] = {
    "trivial_answer": Code("bad"),
    "empty_question": Code("bad"),
    "placeholder": Code("bad"),
    "secret": Code("bad", is_fixable=True),
    "foreign_name": Code("bad"),
    "mojibake": Code("bad", is_fixable=True),
    "chat_marker": Code("bad", is_fixable=True),
    "truncated": Code("look"),
    "wrong_language": Code("look"),
    "refusal": Code("look"),
    "repetition": Code("look", is_fixable=True),
    "copied_question": Code("look"),
    "vague_question": Code("look"),
    "personal_data": Code("look", is_fixable=True),
    "too_long_answer": Code("look"),
    "too_long_question": Code("look"),
    "html": Code("hint", is_fixable=True),
    "control_characters": Code("hint", is_fixable=True),
}
"""Every code that a pair can carry in `Pair.flags`; the codes are stable, the pages name them."""

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,300}`", re.DOTALL)
_FILLER = "\ue000"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a check found in one field of a pair."""

    code: str
    field: Field
    start: int
    end: int
    """The span, in characters of the field; empty where the finding is about the whole field."""
    fact: str
    """What was found, as it stands in the data, or the figure that tells it."""
    fix: str | None = None
    """What the span would become; None where nobody can know."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What the checks read of a pair."""

    question: str
    answer: str
    context: str = ""
    system: str = ""
    history: tuple[str, ...] = ()
    """Questions and answers of earlier turns, in their order."""

    @classmethod
    def of(cls, pair: Pair | NewPair) -> "Texts":
        """Return the texts of a pair."""
        turns = tuple(text for turn in pair.history for text in (turn.question, turn.answer))
        return cls(pair.question, pair.answer, pair.context, pair.system or "", turns)

    def own(self) -> Iterator[tuple[Field, str]]:
        """Yield the fields that a person can edit."""
        yield "question", self.question
        if self.context:
            yield "context", self.context
        yield "answer", self.answer

    def every(self) -> Iterator[tuple[Field, str]]:
        """Yield every text that a model would see."""
        yield from self.own()
        if self.system:
            yield "system", self.system
        for text in self.history:
            yield "history", text

    @property
    def asked(self) -> str:
        """Question and context: what the answer answers."""
        return f"{self.question}\n{self.context}" if self.context else self.question


@dataclass(frozen=True, slots=True)
class Frame:
    """What a check may know of the dataset that a pair is in."""

    role: Role = "general"
    language: str = ""
    """The language of most of its pairs; empty where no language has most."""
    names: tuple[str, ...] = ()
    """Who the identity answers say the model is, and its maker."""


def found(code: str, field: Field, text: str, span: tuple[int, int], *, fix: str | None = None
          ) -> Found:  # fmt: skip
    """Return a finding about a span of a field; only what a person can edit gets a fix."""
    start, end = span
    usable = fix if field in {"question", "context", "answer"} else None
    return Found(code, field, start, end, text[start:end][:LONGEST_FACT], usable)


def without_code(text: str) -> str:
    """Return a text with code (fenced or in backticks) blotted out, at the same length."""
    if "`" not in text:
        return text
    return _CODE_BLOCK.sub(lambda match: _FILLER * len(match.group()), text)
