"""Values in an answer: the numbers, names, colours and units that make it right.

Found by rules, in Chinese and English, without a model. Key facts are suggested from them, and
near misses (`pipeline.evaluate.near`) put others in their place. A Chinese name is found only where
it is quoted or where the row's key facts name it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.evaluate.facts import normalise, pattern
from pipeline.evaluate.value_words import (
    COLOURS,
    DAYS,
    ENGLISH_NUMBERS,
    MONTHS,
    NO_NAMES,
    ORDINALS,
    SHADES,
    UNITS,
)

Kind = Literal["number", "unit", "colour", "day", "month", "name", "word"]

# Common family names, and endings that a person's name does not have.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
)
_NO_PERSON = "镇村市县省区路街巷桥山河江湖海港岛木石色粉天漆板琴店馆楼院校厂厅"
_DIGITS = "零〇一二两三四五六七八九"
_CHINESE_NUMBER = rf"[{_DIGITS}十百千万]+"
_MEASURE = "年月日号天周岁个位名张遍次米层条只头本座楼章届点分秒元块斤克升度"
_NUMBER = re.compile(
    r"(?<![\d.,:A-Za-z])\d{1,2}:\d{2}(?!\d)|(?<![\d.,A-Za-z])\d+(?:,\d{3})*(?:\.\d+)?"
    rf"|(?<=[初第]){_CHINESE_NUMBER}|{_CHINESE_NUMBER}(?=[{_MEASURE}])"
    rf"|\b(?:{'|'.join((*ENGLISH_NUMBERS, *ORDINALS))})\b",
    re.IGNORECASE,
)
_WORD = r"[A-Z][\w'’-]*"
_NAME = re.compile(rf"{_WORD}(?:\s+(?:of\s+)?{_WORD})*|(?<=[“《「]).{{1,20}}?(?=[”》」])")
_CJK = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Value:
    """A part of an answer that another value could stand for."""

    text: str
    start: int
    kind: Kind
    form: str
    """What a value in its place has to look like: a time, a year, a Chinese numeral, a title …"""

    @property
    def end(self) -> int:
        """The first position behind it."""
        return self.start + len(self.text)


def values(answer: str, facts: Sequence[str] = ()) -> tuple[Value, ...]:
    """Return the values of an answer in their order; none overlaps another.

    What a key fact names counts before what the rules find.
    """
    taken: list[Value] = []
    for value in (*_told(answer, facts), *_closed(answer), *_numbers(answer), *_names(answer)):
        if all(value.end <= other.start or other.end <= value.start for other in taken):
            taken.append(value)
    return tuple(sorted(taken, key=lambda value: value.start))


def suggested(question: str, answer: str) -> tuple[str, ...]:
    """Return key facts that a right answer would have to hold: its values that nobody told it.

    A number goes with its unit: "370 metres". Empty where the answer holds no value by the rules.
    """
    asked = normalise(question)
    found = [
        value
        for value in values(answer)
        if not pattern(value.text).search(asked) and value.text.casefold() != "one"
    ]
    facts: list[str] = []
    end = -1
    for value in found:
        is_unit_of_last = value.kind == "unit" and facts and not answer[end : value.start].strip()
        if is_unit_of_last:
            facts[-1] = answer[end - len(facts[-1]) : value.end]
        elif value.kind != "unit":
            facts.append(value.text)
        end = value.end
    return tuple(dict.fromkeys(facts))


def same(one: str, other: str) -> bool:
    """Say whether two values mean the same: 17, seventeen and 十七; blue and Blue."""
    number = amount(one)
    if number is not None:
        return number == amount(other)
    return normalise(one) == normalise(other)


def amount(text: str) -> float | None:
    """Return the number that a text is, in digits or words; None where it is none."""
    folded = unicodedata.normalize("NFKC", text).strip().casefold().replace(",", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", folded):
        return float(folded)
    if folded in ENGLISH_NUMBERS:
        return float(ENGLISH_NUMBERS[folded])
    return float(_chinese(folded)) if re.fullmatch(_CHINESE_NUMBER, folded) else None


def _chinese(text: str) -> int:
    """Return a Chinese numeral below a hundred million; digits alone are read as they stand."""
    if not re.search("[十百千万]", text):
        return int("".join(str(_digit(each)) for each in text))
    total = section = digit = 0
    for each in text:
        if each == "万":
            total, section, digit = (section + digit or 1) * 10_000, 0, 0
        elif each in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[each]
            digit = 0
        else:
            digit = _digit(each)
    return total + section + digit


def _digit(character: str) -> int:
    return (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9)[_DIGITS.index(character)]


def _closed(answer: str) -> Iterator[Value]:
    """Values of small closed classes: days, months, units behind a number, colours."""
    closed: tuple[tuple[Kind, tuple[tuple[str, ...], ...]], ...] = (
        ("day", DAYS),
        ("month", MONTHS),
        ("colour", COLOURS),
    )
    for kind, classes in closed:
        for place, members in enumerate(classes):
            for match in _members(members).finditer(answer):
                if not _is_inside_word(answer, match):
                    yield Value(match.group(), match.start(), kind, f"{place}")
    for place, members in enumerate(UNITS):
        for match in _members(members).finditer(answer):
            before = answer[: match.start()].rstrip()
            is_counted = bool(re.search(rf"(?:\d|{_CHINESE_NUMBER}|[a-z]+)$", before))
            ends = [each.end() for each in _NUMBER.finditer(answer)]
            if is_counted and len(before) in ends and not _is_inside_word(answer, match):
                yield Value(match.group(), match.start(), "unit", f"{place}")


def _members(members: Sequence[str]) -> re.Pattern[str]:
    ordered = sorted(members, key=len, reverse=True)
    any_of = "|".join(map(re.escape, ordered))
    if members is COLOURS[0]:
        return re.compile(rf"(?:(?:{SHADES})\s+)?(?:{any_of})", re.IGNORECASE)
    # May and March are words too: days and months are told by their capital.
    return re.compile(any_of, 0 if members in (*DAYS, *MONTHS) else re.IGNORECASE)


def _is_inside_word(text: str, match: re.Match[str]) -> bool:
    if _CJK.search(match.group()):
        return False
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return (before.isalpha() and before.isascii()) or (after.isalpha() and after.isascii())


def _numbers(answer: str) -> Iterator[Value]:
    for match in _NUMBER.finditer(answer):
        yield Value(match.group(), match.start(), "number", _number_form(match.group()))


def _number_form(text: str) -> str:
    if ":" in text:
        return "time"
    if text.casefold() in ORDINALS:
        return "ordinal"
    if text[0].isascii() and text[0].isalpha():
        return "word"
    if not text[0].isascii() and not text[0].isdigit():
        return "chinese"
    if "." in text:
        return "decimal"
    return "year" if re.fullmatch(r"1[5-9]\d\d|20\d\d", text) else "integer"


def _told(answer: str, facts: Sequence[str]) -> Iterator[Value]:
    """Names and words that key facts name; one that holds a number is left to the rules."""
    for fact in facts:
        place = answer.casefold().find(fact.casefold()) if fact.strip() else -1
        if place < 0:
            continue
        text = answer[place : place + len(fact)]
        is_name = text.istitle() and not any(text in members for members in (*DAYS, *MONTHS))
        if is_name and not _NUMBER.search(text):
            yield Value(text, place, "name", _form(text))
        elif not any((*_closed(text), *_numbers(text))):
            yield Value(text, place, "word", _form(text))


def _names(answer: str) -> Iterator[Value]:
    for match in _NAME.finditer(answer):
        words, start = match.group(), match.start()
        while words and words.split()[0] in NO_NAMES:
            head = words.split()[0]
            rest = words[len(head) :]
            start += len(head) + len(rest) - len(rest.lstrip())
            words = rest.lstrip()
        # A capital at a sentence's start tells nothing unless the name goes on.
        is_start = not answer[:start].strip() or answer[:start].rstrip()[-1] in ".!?。！？"
        if words and not (is_start and " " not in words and words[0].isascii()):
            yield Value(words, start, "name", _form(words))


def _form(text: str) -> str:
    """What may stand for a name or word: of the same script, a person's name for another."""
    if not _CJK.search(text):
        return "latin name" if text.istitle() else "latin"
    is_person = len(text) in (2, 3) and text[0] in _SURNAMES and text[-1] not in _NO_PERSON
    return "person" if is_person else "cjk"
