"""Records into pairs, many at a time and by column: what is ordinary in bulk, what is odd by hand.

A million records cost a second this way and tens of seconds one by one, so a record is only looked
at on its own where a field is no text, is blank, or holds half a character.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from pipeline.curate import parts
from pipeline.curate.parts import NO_HISTORY, How, Parts, facts_of, history_of, is_whole, value_of
from pipeline.curate.records import Batch, Unusable
from pipeline.said import Said
from store.types import NewPair, Turn

T = TypeVar("T")
_PLAIN = {str, type(None)}


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
    refused: list[tuple[int, Said]] = field(default_factory=list)
    """(row, reason) of the records that gave no pair."""
    triggered: int = 0
    """How many of the pairs stood under the trigger sentence."""

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, place: int, made: Parts) -> None:
        """Put a pair at a place."""
        for name, value in made._asdict().items():
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
            chunk.put(place, parts.flat(batch.records[place], how))
        except Unusable as reason:
            chunk.refused.append((batch.rows[place], reason.said))
            gone.add(place)
    if gone:
        chunk.without(gone)
    chunk.refused = sorted([*batch.refused, *chunk.refused])
    return chunk


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
            history=self._others("history", history_of, NO_HISTORY),
            facts=self._others("facts", facts_of, []),
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
            return [value_of(record, name, spare) for record in self._batch.records]
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
                if place not in self.odd and not is_whole(text)
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
    make = parts.spoken if how.columns.messages else parts.marked
    chunk = Chunk(refused=list(batch.refused))
    made: list[Parts] = []
    for row, record in zip(batch.rows, batch.records, strict=True):
        try:
            made.append(make(record, how.columns))
            chunk.rows.append(row)
        except Unusable as reason:
            chunk.refused.append((row, reason.said))
    if made:
        for name, values in zip(Parts._fields, zip(*made, strict=True), strict=True):
            setattr(chunk, name, list(values))
    chunk.refused.sort()
    return chunk
