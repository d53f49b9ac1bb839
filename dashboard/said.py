"""What the pipeline says, in the reader's language.

Its sentences are English and keep their facts apart (`pipeline.said`). The Chinese ones lie in
`text/zh/said/*.json`, by the English they stand for: `{"There is no {name}.": "没有 {name}。"}`.
tests/dashboard/test_said.py finds every sentence of the pipeline and wants one there for each.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from string import Formatter

from dashboard.format import when
from dashboard.text import FOLDER, Language, has, language, plain
from pipeline.said import Said, several

_WORDS = frozenset({"state", "role", "kind"})
"""Facts that are words of the pipeline, not of a person: `running`, `domain`, `export`."""
_CAUSES = frozenset({"error", "reason", "problem", "why"})
"""Facts in which the system may speak: `No such file or directory`."""


def said(text: str) -> str:
    """Return what the pipeline says in the reader's language; any other text as it is.

    A sentence that is not known there, such as that of an older run, is quoted as it was said.
    """
    if language() == "en" or not isinstance(text, Said) or not text:
        return str(text)
    known = sentences(language()).get(text.sentence)
    return _Facts().vformat(known, (), text.facts) if known else plain("said.unknown", text=text)


def cause(text: str) -> str:
    """Return a short cause that the system gave, in the reader's language where it is known."""
    return sentences(language()).get(text, text)


def whole(text: str) -> str:
    """Return what the pipeline says as a sentence that stands alone: "Has no answer."."""
    shown = said(text).strip()
    stop = "。" if language() == "zh" else "."
    return f"{shown[:1].upper()}{shown[1:]}{'' if shown.endswith(('.', '。', '…')) else stop}"


@cache
def sentences(of: Language) -> dict[str, str]:
    """Read the sentences of one language, by their English; none for English itself."""
    found: dict[str, str] = {}
    for file in sorted((FOLDER / of / "said").glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


class _Facts(Formatter):
    """Fills a sentence with the facts of another one that says the same."""

    def get_field(
        self, field_name: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> tuple[object, str]:
        return worded(field_name, kwargs[field_name]), field_name


def worded(name: str, fact: object) -> object:
    """Return a fact of that name as a reader reads it: a sentence, several things, a time."""
    last = name.rpartition(".")[2]
    match fact:
        case Said():
            return said(fact)
        case tuple():
            told = tuple(worded(name, each) for each in fact)
            return several(told, plain("said.between"), plain("said.none"))
        case datetime():
            return when(fact)
        case str() if last in _WORDS and has(key := f"said.{last}_{fact}"):
            return plain(key)
        case str() if last == "setting" and has(key := f"launch.set_{fact}"):
            return plain(key)
        case str() if last in _CAUSES:
            return cause(fact)
        case _:
            return fact
