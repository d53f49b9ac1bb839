"""The two alpaca layouts of a pair, and back. Knows one row, not files.

format2 puts the question into `instruction`; format3 puts the trigger sentence there and the
question into `input`. A trainer joins the two with one line break, so for the model they differ
by the trigger alone.
"""

from dataclasses import dataclass

from store.types import NewPair, Pair, Turn


@dataclass(frozen=True, slots=True)
class Columns:
    """Which optional columns a file has; a file has one when any of its pairs fills it."""

    system: bool = False
    history: bool = False
    facts: bool = False

    @classmethod
    def of(cls, pairs: list[Pair]) -> "Columns":
        """Return the optional columns that these pairs need."""
        return cls(
            system=any(pair.system for pair in pairs),
            history=any(pair.history for pair in pairs),
            facts=any(pair.facts for pair in pairs),
        )


def to_row(pair: NewPair | Pair, columns: Columns, *, trigger: str = "") -> dict[str, object]:
    """Return a pair as an alpaca row: format3 with a trigger, else format2; keys in fixed order.

    A context stays a column of its own in format2; in format3, which has no column for it, it
    follows the question on a line of its own, so that the model sees the same text.
    """
    if trigger:
        asked = f"{pair.question}\n{pair.context}" if pair.context else pair.question
        row: dict[str, object] = {"instruction": trigger, "input": asked, "output": pair.answer}
    else:
        row = {"instruction": pair.question, "input": pair.context, "output": pair.answer}
    if columns.system:
        row["system"] = pair.system or ""
    if columns.history:
        row["history"] = [[turn.question, turn.answer] for turn in pair.history]
    if columns.facts:
        row["facts"] = list(pair.facts)
    return row


def from_row(row: dict[str, object], *, has_trigger: bool) -> NewPair:
    """Return the pair of a row that `to_row` made; a format3 context stays part of the question."""
    instruction, given = str(row["instruction"]), str(row["input"])
    question, context = (given, "") if has_trigger else (instruction, given)
    history, facts = row.get("history", []), row.get("facts", [])
    if not isinstance(history, list) or not isinstance(facts, list):
        raise ValueError("history and facts have to be lists")
    return NewPair(
        question=question,
        answer=str(row["output"]),
        context=context,
        system=str(row.get("system", "")) or None,
        history=tuple(Turn(str(asked), str(answered)) for asked, answered in history),
        facts=tuple(str(fact) for fact in facts),
    )
