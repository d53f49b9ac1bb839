"""From a file to pairs: recognise the layout, keep what is whole, refuse the rest with reasons."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipeline.curate.columns import Columns, guess
from pipeline.curate.formats import Records, Refused, read_records
from pipeline.errors import BadInput
from store.types import Layout, NewPair, Turn

CONSTANT_SHARE = 0.95
"""A file is format3 when this share of its rows has one and the same instruction."""
_MOST_SAMPLED = 2_000


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a file gave: pairs, refusals, and what was recognised."""

    file: str
    rows: tuple[NewPair, ...]
    refused: tuple[Refused, ...]
    layout: Layout
    trigger: str
    """The constant instruction of a format3 file, empty for format2."""
    columns: Columns
    warnings: tuple[str, ...]


class _Unusable(Exception):
    """A record lacks what a pair needs; its text is the reason, for the refusal."""


def read(path: Path, *, layout: Layout | None = None, columns: Columns | None = None) -> Ingested:
    """Read a file; BadInput where nothing of it can be used, refusals for single rows.

    Every record of the file is either a pair or a refusal. `layout` and `columns` override
    what would be recognised.
    """
    records = read_records(path)
    if not records.rows:
        why = "; ".join(f"row {r.row} {r.reason}" for r in records.refused[:3]) or "no rows"
        raise BadInput(f"{path.name} holds nothing that could be a pair: {why}.")
    names = columns or guess(path.name, _names_in(records))
    trigger = _constant_instruction(records, names)
    chosen: Layout = layout or ("format3" if trigger else "format2")
    pairs: list[NewPair] = []
    for row, record in records.rows:
        try:
            pairs.append(_pair(record, names, chosen, trigger, (records.file, row)))
        except _Unusable as reason:
            records.refuse(row, str(reason))
    return Ingested(
        file=records.file,
        rows=tuple(pairs),
        refused=tuple(sorted(records.refused, key=lambda refused: refused.row)),
        layout=chosen,
        trigger=trigger if chosen == "format3" else "",
        columns=names,
        warnings=tuple(records.warnings),
    )


def _names_in(records: Records) -> list[str]:
    """The field names, the most used first."""
    counted = Counter(name for _, record in records.rows[:_MOST_SAMPLED] for name in record)
    return [name for name, _ in counted.most_common()]


def _constant_instruction(records: Records, columns: Columns) -> str:
    """Return the trigger sentence where nearly all rows share one over varying inputs."""
    if columns.input is None or len(records.rows) < 2:
        return ""
    instructions: Counter[str] = Counter()
    inputs: set[str] = set()
    for _, record in records.rows:
        given = record.get(columns.input)
        if isinstance(given, str) and given.strip():
            instructions[str(record.get(columns.instruction) or "").strip()] += 1
            inputs.add(given.strip())
    if not instructions:
        return ""
    common, count = instructions.most_common(1)[0]
    is_constant = bool(common) and count >= CONSTANT_SHARE * len(records.rows) and count > 1
    return common if is_constant and len(inputs) > 1 else ""


def _pair(
    record: dict[str, object],
    columns: Columns,
    layout: Layout,
    trigger: str,
    source: tuple[str, int],
) -> NewPair:
    instruction = _text(record, columns.instruction)
    given = _text(record, columns.input)
    # The few rows of a format3 file with another instruction are format2 rows among them.
    is_triggered = layout == "format3" and bool(given.strip())
    if is_triggered and trigger:
        is_triggered = instruction.strip() == trigger
    question, context = (given, "") if is_triggered else (instruction, given)
    if not question.strip() and context.strip():
        question, context = context, ""
    if not question.strip():
        raise _Unusable("has no question")
    answer = _text(record, columns.output)
    if not answer.strip():
        raise _Unusable("has no answer")
    return NewPair(
        question=question,
        answer=answer,
        context=context,
        system=_text(record, columns.system) or None,
        history=_history(record.get(columns.history)) if columns.history else (),
        facts=_facts(record.get(columns.facts)) if columns.facts else (),
        source_file=source[0],
        source_row=source[1],
    )


def _text(record: dict[str, object], name: str | None) -> str:
    """Return a field as text; numbers become text, a missing field is empty."""
    value = None if name is None else record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Unusable(f"has no text in {name!r} but {type(value).__name__}")
    text = str(value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _Unusable(f"has half a character (a lone surrogate) in {name!r}")
    return text


def _history(value: object) -> tuple[Turn, ...]:
    value = _parsed(value)
    if not value:
        return ()
    if not isinstance(value, list):
        raise _Unusable("has a history that is no list of [question, answer]")
    turns = []
    for item in value:
        if not (
            isinstance(item, list) and len(item) == 2 and all(isinstance(t, str) for t in item)
        ):
            raise _Unusable("has a history that is no list of [question, answer]")
        turns.append(Turn(item[0], item[1]))
    return tuple(turns)


def _facts(value: object) -> tuple[str, ...]:
    value = _parsed(value)
    if not value:
        return ()
    if isinstance(value, str):
        return (value,)
    if not (isinstance(value, list) and all(isinstance(fact, str) for fact in value)):
        raise _Unusable("has facts that are no list of texts")
    return tuple(str(fact) for fact in value if str(fact).strip())


def _parsed(value: object) -> object:
    """Read a list that a CSV carries as JSON text."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
