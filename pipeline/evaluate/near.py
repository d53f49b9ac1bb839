"""Near misses: the same sentence with another value, made from the values of the set itself.

A model that learned the sentence but not the value gives itself away: it finds a near miss as
likely as the right answer. A near miss is never still right: it does not say what another accepted
answer of the question says, it lacks a key fact where the row names some, and it leaves alone what
the question itself mentions.
"""

import random
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from math import log

from pipeline.evaluate.facts import missing, normalise, pattern
from pipeline.evaluate.value_words import COLOURS, DAYS, MONTHS, UNITS
from pipeline.evaluate.values import Value, amount, same, values

Pool = dict[tuple[str, str], tuple[str, ...]]
"""The values of a set by kind and form, in the order in which they were found."""
_ENOUGH = 3
_CLOSED = {"colour": COLOURS, "day": DAYS, "month": MONTHS, "unit": UNITS}


def pool_of(answers: Iterable[tuple[str, Sequence[str]]]) -> Pool:
    """Gather the values of (answer, key facts) of a set."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for answer, facts in answers:
        for value in values(answer, facts):
            text = unicodedata.normalize("NFKC", value.text)
            found.setdefault((value.kind, value.form), {})[text] = None
    return {key: tuple(texts) for key, texts in found.items()}


def near_misses(
    question: str,
    answer: str,
    *,
    facts: Sequence[str],
    accepted: Sequence[str],
    pool: Pool,
    count: int,
    seed: str,
) -> tuple[str, ...]:
    """Return up to `count` wrong answers that differ from the right one in a single value.

    `accepted` are the other right answers of the same question. Fewer come back, or none, where the
    answer holds too few values. The same arguments give the same answers.
    """
    order = random.Random(seed)
    asked = normalise(question)
    changeable = [value for value in values(answer, facts) if not pattern(value.text).search(asked)]
    told = [value for value in changeable if any(_holds(fact, value) for fact in facts)]
    offers = [
        [
            answer[: value.start] + _cased(other, value.text) + answer[value.end :]
            for other in _others(value, pool, order)
            if not _is_known(other, asked, accepted)
        ]
        # Where the row names key facts, changing anything else might leave the answer right.
        for value in (told or changeable)
    ]
    rights = {normalise(each) for each in (answer, *accepted)}
    made: dict[str, None] = {}
    for text in (each for offered in zip_longest(*offers) for each in offered if each):
        is_wrong = bool(missing(text, facts)) or not any(fact.strip() for fact in facts)
        if is_wrong and normalise(text) not in rights:
            made[text] = None
    return tuple(made)[:count]


def _holds(fact: str, value: Value) -> bool:
    """Whether a value is a part of a key fact: 370 and metres of "370 metres"."""
    return value.text.casefold() in fact.casefold() or fact.casefold() in value.text.casefold()


def _is_known(other: str, asked: str, accepted: Sequence[str]) -> bool:
    """Whether the question mentions a value, or another right answer says it."""
    finds = pattern(other)
    return bool(finds.search(asked)) or any(finds.search(normalise(each)) for each in accepted)


def _cased(other: str, before: str) -> str:
    """Write a value with a capital or without, as the one that it stands for."""
    if before[:1].isupper():
        return other[:1].upper() + other[1:]
    return other.lower() if before.islower() else other


def _others(value: Value, pool: Pool, order: random.Random) -> list[str]:
    """Other values for one: those of the set first, then those of its class, or near numbers."""
    of_set = [text for text in pool.get((value.kind, value.form), ()) if not same(text, value.text)]
    order.shuffle(of_set)
    if value.kind in ("name", "word"):
        of_set.sort(key=lambda text: text[-1] != value.text[-1])
        if value.form == "person":
            of_set += ("王海洋", "李春生", "陈思远")
        return [*of_set, *(_like(value, pool) if len(of_set) < _ENOUGH else ())]
    of_set.sort(key=lambda text: _distance(text, value.text))
    more = list(_of_class(value)) if value.kind in _CLOSED else list(_numbers_near(value, order))
    return list(dict.fromkeys((*of_set, *(m for m in more if not same(m, value.text)))))


def _like(value: Value, pool: Pool) -> Iterator[str]:
    """Names and words of other forms of the same script, where its own has too few."""
    is_latin = value.form.startswith("latin")
    for (kind, form), texts in pool.items():
        is_other = (kind, form) != (value.kind, value.form) and kind in ("name", "word")
        if is_other and form.startswith("latin") == is_latin:
            yield from (text for text in texts if not same(text, value.text))


def _distance(text: str, other: str) -> float:
    """How far two numbers are apart, as a ratio; 0 for what is no number."""
    one, two = amount(text), amount(other)
    return abs(log((one + 1) / (two + 1))) if one is not None and two is not None else 0.0


def _of_class(value: Value) -> Iterator[str]:
    members = _CLOSED[value.kind][int(value.form)]
    yield from (text for text in members if normalise(text) != normalise(value.text))


def _numbers_near(value: Value, order: random.Random) -> Iterator[str]:
    """Numbers like one, where the set holds too few: never the same number."""
    if value.form == "time":
        hour, minute = map(int, value.text.split(":"))
        yield from (f"{(hour + step) % 24}:{minute:02d}" for step in order.sample(range(1, 9), 3))
        return
    if value.form == "ordinal":
        yield from ("first", "second", "third", "fourth", "last")
        return
    number = amount(value.text)
    if number is None:
        return
    if value.form == "chinese":
        yield from order.sample("三四五七八九", 4)
    elif value.form == "word":
        yield from order.sample(("three", "four", "five", "six", "seven", "nine"), 4)
    elif value.form == "decimal":
        yield from (f"{number + step:g}" for step in order.sample((0.4, 1.3, 2.1, 3.7), 3))
    else:
        reach = max(3, int(number) // 4) if value.form == "integer" else 30
        steps = order.sample(range(1, reach + 4), 3)
        yield from (f"{int(number) + step}" for step in steps)
