"""Contrast accuracy: is the right answer likelier than every wrong one, of both kinds?

Near misses ask whether the value was learned, other rows' answers whether the question was read.
Either kind alone is fooled: a model trained on wrong values beats other answers, one trained on
answers shuffled among the questions has seen every right value. Only beating both tells.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.evaluate.facts import is_right, normalise
from pipeline.evaluate.near import near_misses, pool_of


@dataclass(frozen=True, slots=True)
class Fact:
    """A question of a field with its right answer."""

    question: str
    """Without the trigger."""
    answer: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contrast:
    """The wrong answers that a right one has to beat."""

    near: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether there are wrong answers of both kinds; else the question does not count."""
        return bool(self.near and self.others)


def contrasts(field: Sequence[Fact], count: int, *, seed: int = 0) -> tuple[Contrast, ...]:
    """Return for each question up to `count` wrong answers of each kind, from the field itself."""
    pool = pool_of((fact.answer, fact.facts) for fact in field)
    answers = _answers_by_question(field)
    return tuple(
        Contrast(
            near_misses(
                fact.question,
                fact.answer,
                facts=fact.facts,
                accepted=answers[normalise(fact.question)],
                pool=pool,
                count=count,
                # By the fact, not the wording: all its wordings meet the same wrong answers.
                seed=f"{seed}/{normalise(fact.answer)}",
            ),
            _others(fact, field, answers, count, f"{seed}/{normalise(fact.question)}"),
        )
        for fact in field
    )


def beats(right: float | None, wrongs: Sequence[float | None]) -> bool | None:
    """Say whether the right answer's mean log-likelihood is above that of every wrong one.

    None where there is nothing to compare with.
    """
    known = [wrong for wrong in wrongs if wrong is not None]
    return None if right is None or not known else all(right > wrong for wrong in known)


def _answers_by_question(field: Sequence[Fact]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fact in field:
        found.setdefault(normalise(fact.question), []).append(fact.answer)
    return found


def _others(
    fact: Fact, field: Sequence[Fact], answers: dict[str, list[str]], count: int, seed: str
) -> tuple[str, ...]:
    """Draw answers of other rows that are no right answer to this question."""
    right = {normalise(answer) for answer in (fact.answer, *answers[normalise(fact.question)])}
    different: dict[str, str] = {}
    for other in field:
        same_text = normalise(other.answer) in right
        if not same_text and not is_right(other.answer, fact.facts):
            different.setdefault(normalise(other.answer), other.answer)
    drawn = list(different.values())
    random.Random(seed).shuffle(drawn)
    return tuple(drawn[:count])
