"""What two pairs differ in, said in words: "differs in a number: 5 mg / 50 mg"."""

import re
from difflib import SequenceMatcher

from dashboard.format import percent, shortened
from dashboard.parts.prose import pieces
from dashboard.text import plain, t
from store.types import Link, Member, Pair, Removal

_LONGEST = 40
_LONGEST_COMPARED = 2_000
# What may follow a number and is read with it: "mg", "%", "毫", "点".
_UNIT = re.compile(r"[A-Za-zµ°]{1,4}|[%‰℃\u4e00-\u9fff]")
_MEASURED = frozenset(("number", "unit", "date"))


def reason_words(link: Link | Member, one: Pair, other: Pair) -> str:
    """Return why two pairs belong together or apart, with what differs and how alike they are."""
    of_answer = link.reason == "answer"
    texts = (one.answer, other.answer) if of_answer else (_asked(one), _asked(other))
    first, second = differing(*texts, with_unit=link.reason in _MEASURED)
    shown = {"one": first or "–", "other": second or "–"}
    reason = link.reason or "none"
    return t(
        f"duplicates.reason_{reason}",
        **shown,
        alike=percent(link.score),
        answers=percent(link.answer_score),
    )


def removal_words(removal: Removal) -> str:
    """Return why a pair was removed: of which pair, in what relation, how close."""
    return t(
        "shell.removal",
        keeper=str(removal.duplicate_of),
        relation=t(f"shell.relation_{removal.relation}"),
        why=plain(f"duplicates.short_{removal.reason or 'none'}"),
        alike=percent(removal.score),
        answers=percent(removal.answer_score),
    )


def differing(one: str, other: str, *, with_unit: bool = False) -> tuple[str, str]:
    """Return the first words that each text has and the other has not."""
    words, others = pieces(one[:_LONGEST_COMPARED]), pieces(other[:_LONGEST_COMPARED])
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    for kind, start, end, from_, to in matcher.get_opcodes():
        if kind == "equal":
            continue
        first, second = words[start:end], others[from_:to]
        if not "".join(first + second).strip(" ,.;:!?，。；：！？、"):
            continue
        if with_unit:
            first, second = first + _unit(words, end), second + _unit(others, to)
        return shortened("".join(first), _LONGEST), shortened("".join(second), _LONGEST)
    return "", ""


def _unit(words: list[str], place: int) -> list[str]:
    """Return the unit at a place, with the space before it."""
    space = words[place : place + 1] if words[place : place + 1] == [" "] else []
    unit = words[place + len(space) : place + len(space) + 1]
    return [*space, *unit] if unit and _UNIT.fullmatch(unit[0]) else []


def _asked(pair: Pair) -> str:
    return f"{pair.context}\n{pair.question}" if pair.context else pair.question
