"""What two pairs differ in, said in words: "differs in a number: 5 mg / 50 mg"."""

import re

from dashboard.format import percent, shortened
from dashboard.parts.prose import pieces, steps
from dashboard.text import plain, t
from store.relation_types import Link, Member, Reason, Removal
from store.types import Pair

_LONGEST = 40
_LONGEST_COMPARED = 2_000
# What may follow a number and is read with it: "mg", "%", "毫", "点".
_UNIT = re.compile(r"[A-Za-zµ°]{1,7}|[%‰℃\u4e00-\u9fff]")
_LONG_UNITS = frozenset(
    [
        "毫克",
        "微克",
        "千克",
        "公斤",
        "毫升",
        "厘米",
        "毫米",
        "公里",
        "千米",
        "小时",
        "分钟",
        "公顷",
        "平方",
        "立方",
        "摄氏",
    ]
)
_MEASURED = frozenset(("number", "unit", "date"))
_SIGNS = " \n\t,.;:!?'\"()，。；：！？、“”（）"
# By what the words are known that a reason speaks of.
_NUMERAL = re.compile(
    r"\d|[一二三四五六七八九十百千万两半几]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|"
    r"eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|half|once|twice)\b",
    re.IGNORECASE,
)
_TELLS: dict[Reason, re.Pattern[str]] = {
    "number": _NUMERAL,
    "date": _NUMERAL,
    "negation": re.compile(
        r"[不没非无未勿别莫否禁]|\b(?:not|no|never|none|without|cannot|nor|t|isn|don|doesn)\b",
        re.IGNORECASE,
    ),
    "name": re.compile(r"[A-Z]|[\u4e00-\u9fff]{2}"),
}


def reason_words(link: Link | Member, one: Pair, other: Pair) -> str:
    """Return why two pairs belong together or apart, with what differs and how alike they are."""
    of_answer = link.reason == "answer"
    texts = (one.answer, other.answer) if of_answer else (_asked(one), _asked(other))
    first, second = differing(*texts, link.reason)
    shown = {"one": first or "–", "other": second or "–"}
    reason = link.reason or "none"
    return t(
        f"duplicates.reason_{reason}",
        **shown,
        alike=_alike(link.score, link.reason),
    )


def removal_words(removal: Removal) -> str:
    """Return why a pair was removed: of which pair, in what relation, how close."""
    return t(
        "shell.removal",
        keeper=str(removal.duplicate_of),
        relation=t(f"shell.relation_{removal.relation}"),
        why=plain(f"duplicates.short_{removal.reason or 'none'}"),
        alike=_alike(removal.score, removal.reason),
    )


def _alike(score: float, reason: Reason | None) -> str:
    """Return a score in per cent; only what is the same is said to be wholly alike."""
    return percent(score if reason == "same" else min(score, 0.99))


def differing(one: str, other: str, reason: Reason | None = None) -> tuple[str, str]:
    """Return the words in which two texts differ for a reason, else the first that differ."""
    words, others = pieces(one[:_LONGEST_COMPARED]), pieces(other[:_LONGEST_COMPARED])
    found = []
    for kind, start, end, from_, to in steps(words, others):
        first, second = words[start:end], others[from_:to]
        if kind == "equal" or not "".join(first + second).strip(_SIGNS):
            continue
        if reason in _MEASURED:
            first, second = first + _unit(words, end), second + _unit(others, to)
        found.append(("".join(first), "".join(second)))
    told = _TELLS.get(reason or "same")
    fitting = [texts for texts in found if told and told.search(" ".join(texts))]
    first_texts = (fitting or found or [("", "")])[0]
    return shortened(first_texts[0], _LONGEST), shortened(first_texts[1], _LONGEST)


def _unit(words: list[str], place: int) -> list[str]:
    """Return the unit at a place, with the space before it; Chinese ones may have two signs."""
    space = words[place : place + 1] if words[place : place + 1] == [" "] else []
    start = place + len(space)
    if "".join(words[start : start + 2]) in _LONG_UNITS:
        return words[start : start + 2]
    unit = words[start : start + 1]
    return [*space, *unit] if unit and _UNIT.fullmatch(unit[0]) else []


def _asked(pair: Pair) -> str:
    return f"{pair.context}\n{pair.question}" if pair.context else pair.question
