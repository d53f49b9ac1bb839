"""The layouts of a pair, as one row and back: the two alpaca ones, sharegpt, OpenAI messages.

format2 puts the question into `instruction`; format3 puts the trigger sentence there and the
question into `input`. A trainer joins the two with one line break, so for the model they differ
by the trigger alone. The rows of an export are written by DuckDB (`store.export_rows`); this is
the same rule for one pair.
"""

from store.types import NewPair, Pair, RowShape, Turn

ALL = RowShape(system=True, history=True, facts=True)
"""Every optional column."""


def to_row(pair: NewPair | Pair, shape: RowShape) -> dict[str, object]:
    """Return a pair as a row of this shape, its keys in fixed order.

    A context stays a column of its own in format2; elsewhere, where there is no column for it, it
    follows the question on a line of its own, so that the model sees the same text.
    """
    if shape.layout in ("sharegpt", "messages"):
        return _conversation(pair, shape)
    if shape.layout == "format3":
        asked = f"{pair.question}\n{pair.context}" if pair.context else pair.question
        row: dict[str, object] = {
            "instruction": shape.trigger,
            "input": asked,
            "output": pair.answer,
        }
    else:
        row = {"instruction": pair.question, "input": pair.context, "output": pair.answer}
    if shape.system:
        row["system"] = pair.system or shape.default_system
    if shape.history:
        row["history"] = [[turn.question, turn.answer] for turn in pair.history]
    if shape.facts:
        row["facts"] = list(pair.facts)
    return row


def _conversation(pair: NewPair | Pair, shape: RowShape) -> dict[str, object]:
    is_sharegpt = shape.layout == "sharegpt"
    speaker, says = ("from", "value") if is_sharegpt else ("role", "content")
    person, model = ("human", "gpt") if is_sharegpt else ("user", "assistant")
    asked = f"{shape.trigger}\n{pair.question}" if shape.trigger else pair.question
    if pair.context:
        asked += f"\n{pair.context}"
    history = pair.history if shape.history else ()
    turns = [
        {speaker: who, says: text}
        for turn in (*history, Turn(asked, pair.answer))
        for who, text in ((person, turn.question), (model, turn.answer))
    ]
    system = (pair.system or shape.default_system) if shape.system else ""
    row: dict[str, object] = {"conversations" if is_sharegpt else "messages": turns}
    if not is_sharegpt and system:
        row["messages"] = [{speaker: "system", says: system}, *turns]
    elif is_sharegpt and shape.system:
        row["system"] = system
    if shape.facts:
        row["facts"] = list(pair.facts)
    return row


def from_row(row: dict[str, object], *, has_trigger: bool) -> NewPair:
    """Return the pair of an alpaca row; a format3 context stays part of the question."""
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
