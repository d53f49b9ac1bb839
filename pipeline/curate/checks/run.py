"""All checks of one pair, each with the cheap test that says whether it is worth running."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.curate.checks import (
    answers,
    characters,
    languages,
    leftovers,
    private,
    questions,
    truncated,
)
from pipeline.curate.checks.found import CODES, Found, Frame, Severity, Texts

VERSION = 2
"""Rises when a check changes what it finds: every pair is then judged again."""
WEIGHTS: dict[Severity, float] = {"bad": 0.5, "look": 0.25, "hint": 0.1}
Column = Literal["question", "answer", "every"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `gate` is a pattern (RE2) without which it finds nothing in that column."""

    run: Callable[[Texts, Frame], Iterator[Found]]
    gate: str = ""
    column: Column = "every"


CHECKS: tuple[Check, ...] = (
    Check(leftovers.placeholder, leftovers.PLACEHOLDER_GATE),
    Check(private.secret, private.SECRET_GATE),
    Check(answers.foreign_name, answers.NAME_GATE, "answer"),
    Check(characters.mojibake, characters.MOJIBAKE_GATE),
    Check(leftovers.chat_marker, leftovers.CHAT_GATE),
    Check(truncated.truncated, truncated.GATE, "answer"),
    Check(answers.refusal, answers.REFUSAL_GATE, "answer"),
    Check(questions.vague_question, questions.VAGUE_GATE, "question"),
    Check(private.personal_data, private.PERSONAL_GATE),
    Check(characters.html_left, characters.HTML_GATE),
    Check(characters.control_characters, characters.CONTROL_GATE),
)
"""The checks that a pattern can rule out; the others need figures first (`judging`)."""
MEASURED: tuple[Check, ...] = (
    Check(answers.trivial_answer),
    Check(answers.empty_question),
    Check(answers.copied_question),
    Check(answers.repetition),
    Check(languages.wrong_language),
)


def of_texts(texts: Texts, frame: Frame) -> tuple[Found, ...]:
    """Return everything that the checks find in the texts of a pair, the worst first."""
    return ordered(found for check in (*CHECKS, *MEASURED) for found in check.run(texts, frame))


def ordered(findings: Iterable[Found]) -> tuple[Found, ...]:
    """Return findings in the order of the codes, then by field and place."""
    places = {code: place for place, code in enumerate(CODES)}
    return tuple(sorted(findings, key=lambda f: (places[f.code], f.field, f.start)))


def quality(codes: Iterable[str]) -> float:
    """Return 0 (worst) to 1 for the codes of a pair.

    Each code takes its share of what is left: half for `bad`, a quarter for `look`, a tenth for
    `hint`. A pair without a finding has 1; the order of the codes does not matter.
    """
    left = 1.0
    for code in set(codes):
        left *= 1 - WEIGHTS[CODES[code].severity]
    return round(left, 4)
