"""One record into one pair, looked at by hand; Unusable says why a record is none."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from pipeline.curate import conversation, marked_text
from pipeline.curate.columns import Columns
from pipeline.curate.records import Record, Unusable, kind_of
from store.types import Layout

NO_HISTORY = "[]"


@dataclass(frozen=True, slots=True)
class How:
    """How the records of a file become pairs."""

    columns: Columns
    layout: Layout = "format2"
    trigger: str = ""
    spare: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each role, fields that stand for it in records without the chosen one."""


class Parts(NamedTuple):
    """What one record gives."""

    question: str
    answer: str
    context: str
    system: str | None
    history: str
    """JSON: [[question, answer], …]."""
    facts: list[str]


def flat(record: Record, how: How) -> Parts:
    """Make a pair of a record with its question and answer in fields of their own."""
    columns = how.columns
    instruction = _text(record, columns.instruction, how.spare.get("instruction"))
    given = _text(record, columns.input, how.spare.get("input"))
    # The few rows of a format3 file with another instruction are format2 rows among them.
    is_triggered = how.layout == "format3" and bool(given.strip())
    if is_triggered and how.trigger:
        is_triggered = instruction.strip() == how.trigger
    question, context = (given, "") if is_triggered else (instruction, given)
    if not question.strip() and context.strip():
        question, context = context, ""
    return _whole(
        Parts(
            question=question,
            answer=_text(record, columns.output, how.spare.get("output")),
            context=context,
            system=_text(record, columns.system, how.spare.get("system")) or None,
            history=history_of(value_of(record, columns.history, how.spare.get("history"))),
            facts=facts_of(value_of(record, columns.facts, how.spare.get("facts"))),
        )
    )


def spoken(record: Record, columns: Columns) -> Parts:
    """Make a pair of a record that holds a conversation."""
    found = conversation.read(record.get(columns.messages or ""), columns.tags)
    system = found.system or _text(record, columns.system)
    system = conversation.with_tools(system, value_of(record, columns.tools, None))
    return _of_conversation(found, system, "")


def marked(record: Record, columns: Columns) -> Parts:
    """Make a pair of a record with question and answer in one marked text."""
    found, context = marked_text.read(_text(record, columns.text))
    return _of_conversation(found, found.system or _text(record, columns.system), context)


def _of_conversation(found: conversation.Conversation, system: str, context: str) -> Parts:
    question, answer = found.exchanges[-1]
    history = _json(found.exchanges[:-1]) if len(found.exchanges) > 1 else NO_HISTORY
    return _whole(Parts(question, answer, context, system or None, history, []))


def _whole(parts: Parts) -> Parts:
    """Return the parts of a pair if they are enough for one."""
    if not parts.question.strip():
        raise Unusable("has no question")
    if not parts.answer.strip():
        raise Unusable("has no answer")
    for name in ("question", "answer", "context", "system"):
        if not is_whole(getattr(parts, name) or ""):
            raise Unusable(
                "has half a character (a lone surrogate or bytes of no text): {name}", name=name
            )
    return parts


def value_of(record: Record, name: str | None, spare: Iterable[str] | None) -> object:
    """Return a field, or what stands for it where the record lacks it."""
    names = ([] if name is None else [name]) + list(spare or ())
    return next((record[each] for each in names if not _is_missing(record.get(each))), None)


def _is_missing(value: object) -> bool:
    """Whether nothing stands there; NaN is how tables write that in a column of numbers."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _text(record: Record, name: str | None, spare: Sequence[str] | None = None) -> str:
    """Return a field as text; numbers become text, a missing field is empty."""
    value = value_of(record, name, spare)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unusable("has no text in {name!r} but {kind}", name=name, kind=kind_of(value))
    return str(value)


def is_whole(text: str) -> bool:
    """Whether a text is Unicode throughout, without half a character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def history_of(value: object) -> str:
    """Return earlier turns as the JSON that a pair keeps."""
    turns = conversation.parsed(value)
    if not turns:
        return NO_HISTORY
    if not isinstance(turns, list):
        raise Unusable("has a history that is no list of [question, answer]")
    for turn in turns:
        if not (isinstance(turn, list) and list(map(type, turn)) == [str, str]):
            raise Unusable("has a history that is no list of [question, answer]")
    return _json(turns)


def facts_of(value: object) -> list[str]:
    """Return key facts as texts."""
    value = conversation.parsed(value)
    if not value:
        return []
    if isinstance(value, str):
        value = [value]
    if not (isinstance(value, list) and all(isinstance(fact, str) for fact in value)):
        raise Unusable("has facts that are no list of texts")
    if not all(map(is_whole, value)):
        raise Unusable("has half a character (a lone surrogate or bytes of no text): facts")
    return [fact for fact in value if fact.strip()]


def _json(turns: list[list[str]]) -> str:
    try:
        return orjson.dumps(turns).decode()
    except (TypeError, ValueError) as error:
        raise Unusable(
            "has half a character (a lone surrogate or bytes of no text): history"
        ) from error
