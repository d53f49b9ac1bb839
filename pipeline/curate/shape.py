"""Records into pairs, many at a time and by column: what is ordinary in bulk, what is odd by hand.

A million records cost a second this way and tens of seconds one by one, so a record is only looked
at on its own where a field is no text, is blank, or holds half a character.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import orjson

from pipeline.curate import conversation, marked_text
from pipeline.curate.columns import Columns
from pipeline.curate.records import Batch, Record, Unusable
from store.types import Layout, NewPair, Turn

T = TypeVar("T")
NO_HISTORY = "[]"
_PLAIN = {str, type(None)}


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


@dataclass(slots=True)
class Chunk:
    """Pairs by column; each list has an item a pair."""

    rows: list[int] = field(default_factory=list)
    question: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    system: list[str | None] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    facts: list[list[str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """(row, reason) of the records that gave no pair."""
    triggered: int = 0
    """How many of the pairs stood under the trigger sentence."""

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, place: int, parts: Parts) -> None:
        """Put a pair at a place."""
        for name, value in parts._asdict().items():
            getattr(self, name)[place] = value

    def without(self, places: set[int]) -> None:
        """Take out the pairs at some places."""
        columns = [getattr(self, name) for name in ("rows", *Parts._fields)]
        for place in sorted(places, reverse=True):
            for values in columns:
                del values[place]

    def pairs(self, file: str) -> Iterator[NewPair]:
        """Yield the pairs one by one."""
        columns = (self.question, self.answer, self.context, self.system, self.history, self.facts)
        for row, question, answer, context, system, history, facts in zip(
            self.rows, *columns, strict=True
        ):
            turns = () if history == NO_HISTORY else orjson.loads(history)
            yield NewPair(
                question=question,
                answer=answer,
                context=context,
                system=system,
                history=tuple(Turn(*turn) for turn in turns),
                facts=tuple(facts),
                source_file=file,
                source_row=row,
            )


def shape(batch: Batch, how: How) -> Chunk:
    """Make pairs of the records of a batch; each record is a pair or is refused with its reason."""
    if how.columns.messages or how.columns.text:
        return _one_by_one(batch, how)
    columns = _Fields(batch, how)
    chunk = columns.chunk()
    gone: set[int] = set()
    for place in sorted(columns.odd):
        try:
            chunk.put(place, flat(batch.records[place], how))
        except Unusable as reason:
            chunk.refused.append((batch.rows[place], str(reason)))
            gone.add(place)
    if gone:
        chunk.without(gone)
    chunk.refused = sorted([*batch.refused, *chunk.refused])
    return chunk


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
            history=_history(_value(record, columns.history, how.spare.get("history"))),
            facts=_facts(_value(record, columns.facts, how.spare.get("facts"))),
        )
    )


class _Fields:
    """The fields of a batch by role, and the places of the records that are not ordinary."""

    def __init__(self, batch: Batch, how: How) -> None:
        self._batch, self._how = batch, how
        self.odd: set[int] = set()
        self._text = {
            role: self._texts(role) for role in ("instruction", "input", "output", "system")
        }
        for values in self._text.values():
            for place in self.odd:
                values[place] = ""

    def chunk(self) -> Chunk:
        """Return the pairs; those at the odd places are yet to be looked at."""
        rows = list(self._batch.rows)
        question, context, answer = self._text["instruction"], self._text["input"], []
        triggered = 0
        if self._how.layout == "format3":
            question, context, triggered = self._triggered(question, context)
        answer = self._text["output"]
        blank = [
            place
            for place, (asked, told) in enumerate(zip(question, answer, strict=True))
            if not asked or not told or asked.isspace() or told.isspace()
        ]
        self.odd.update(blank)
        return Chunk(
            rows=rows,
            question=question,
            answer=answer,
            context=context,
            system=[text or None for text in self._text["system"]],
            history=self._others("history", _history, NO_HISTORY),
            facts=self._others("facts", _facts, []),
            triggered=triggered,
        )

    def _triggered(self, question: list[str], given: list[str]) -> tuple[list[str], list[str], int]:
        """Where the trigger is the instruction, the question is the input."""
        trigger = self._how.trigger
        under = [
            bool(context) and not context.isspace() and (not trigger or asked.strip() == trigger)
            for asked, context in zip(question, given, strict=True)
        ]
        asked = [g if is_ else q for q, g, is_ in zip(question, given, under, strict=True)]
        return (
            asked,
            ["" if is_ else g for g, is_ in zip(given, under, strict=True)],
            sum(under),
        )

    def _values(self, role: str) -> list[object]:
        name, spare = getattr(self._how.columns, role), self._how.spare.get(role)
        if name is None:
            return []
        if spare:
            return [_value(record, name, spare) for record in self._batch.records]
        return [record.get(name) for record in self._batch.records]

    def _texts(self, role: str) -> list[str]:
        values = self._values(role)
        if not values:
            return [""] * len(self._batch.records)
        kinds = set(map(type, values))
        if not kinds <= _PLAIN:
            self.odd.update(n for n, value in enumerate(values) if type(value) not in _PLAIN)
        if kinds != {str}:
            values = [value or "" for value in values]
        texts: list[str] = values  # type: ignore[assignment]  # What is no text is odd, and goes.
        if not self._batch.is_clean:
            self.odd.update(
                place
                for place, text in enumerate(texts)
                if place not in self.odd and not _is_whole(text)
            )
        return texts

    def _others(self, role: str, read: Callable[[object], T], empty: T) -> list[T]:
        values = self._values(role)
        found = [empty] * len(self._batch.records)
        for place, value in enumerate(values):
            if value:
                try:
                    found[place] = read(value)
                except Unusable:
                    self.odd.add(place)
        return found


def _one_by_one(batch: Batch, how: How) -> Chunk:
    make = _spoken if how.columns.messages else _marked
    chunk = Chunk(refused=list(batch.refused))
    made: list[Parts] = []
    for row, record in zip(batch.rows, batch.records, strict=True):
        try:
            made.append(make(record, how.columns))
            chunk.rows.append(row)
        except Unusable as reason:
            chunk.refused.append((row, str(reason)))
    if made:
        for name, values in zip(Parts._fields, zip(*made, strict=True), strict=True):
            setattr(chunk, name, list(values))
    chunk.refused.sort()
    return chunk


def _spoken(record: Record, columns: Columns) -> Parts:
    found = conversation.read(record.get(columns.messages or ""), columns.tags)
    system = found.system or _text(record, columns.system)
    system = conversation.with_tools(system, record.get(columns.tools) if columns.tools else None)
    return _of_conversation(found, system, "")


def _marked(record: Record, columns: Columns) -> Parts:
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
        if not _is_whole(getattr(parts, name) or ""):
            raise Unusable(f"has half a character (a lone surrogate or bytes of no text): {name}")
    return parts


def _value(record: Record, name: str | None, spare: Iterable[str] | None) -> object:
    value = None if name is None else record.get(name)
    if value is None and spare:
        value = next((record[each] for each in spare if record.get(each) is not None), None)
    return value


def _text(record: Record, name: str | None, spare: Sequence[str] | None = None) -> str:
    """Return a field as text; numbers become text, a missing field is empty."""
    value = _value(record, name, spare)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unusable(f"has no text in {name!r} but {type(value).__name__}")
    return str(value)


def _is_whole(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _history(value: object) -> str:
    turns = conversation.parsed(value)
    if not turns:
        return NO_HISTORY
    if not isinstance(turns, list):
        raise Unusable("has a history that is no list of [question, answer]")
    for turn in turns:
        if not (isinstance(turn, list) and list(map(type, turn)) == [str, str]):
            raise Unusable("has a history that is no list of [question, answer]")
    return _json(turns)


def _facts(value: object) -> list[str]:
    value = conversation.parsed(value)
    if not value:
        return []
    if isinstance(value, str):
        value = [value]
    if not (isinstance(value, list) and all(isinstance(fact, str) for fact in value)):
        raise Unusable("has facts that are no list of texts")
    if not all(map(_is_whole, value)):
        raise Unusable("has half a character (a lone surrogate or bytes of no text): facts")
    return [fact for fact in value if fact.strip()]


def _json(turns: list[list[str]]) -> str:
    try:
        return orjson.dumps(turns).decode()
    except (TypeError, ValueError) as error:
        raise Unusable(
            "has half a character (a lone surrogate or bytes of no text): history"
        ) from error
