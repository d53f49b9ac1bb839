"""Which field of a record is what: guessed from names, Chinese and English, and from what is there.

A file holds its pairs in one of three shapes: a question and an answer in fields of their own, a
conversation in one field, or all of it in one marked text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from pipeline.curate import conversation, marked_text
from pipeline.curate.records import Record
from pipeline.errors import BadInput

_NAMES: dict[str, tuple[str, ...]] = {
    "instruction": (
        *("instruction", "question", "prompt", "query", "q", "ask", "problem"),
        *("问题", "提问", "指令", "问", "题目"),
    ),
    "input": ("input", "context", "上下文", "输入", "背景"),
    "output": (
        *("output", "response", "answer", "std_answer", "reply", "completion", "a", "target"),
        *("回答", "答案", "输出", "标准答案", "回复", "答"),
    ),
    "system": ("system", "system_prompt", "系统提示", "系统提示词"),
    "history": ("history", "历史", "对话历史"),
    "facts": ("facts", "key_facts", "关键事实"),
    "messages": ("messages", "conversations", "conversation", "dialogue", "dialog", "对话", "消息"),
    "tools": ("tools", "functions"),
    "text": ("text", "文本"),
}
_SPOKEN = {"question": "instruction", "context": "input", "answer": "output"}
_MOST_NAMED = 12
_SAMPLED = 200


@dataclass(frozen=True, slots=True)
class Columns:
    """The field names of a file, None where it has no such field."""

    instruction: str | None = None
    output: str | None = None
    input: str | None = None
    system: str | None = None
    history: str | None = None
    facts: str | None = None
    messages: str | None = None
    """A field that holds a whole conversation; it takes the place of instruction and output."""
    tools: str | None = None
    text: str | None = None
    """A field with question and answer in one text, told apart by markers."""
    tags: conversation.Tags = field(default_factory=conversation.Tags)
    """How a conversation names who speaks."""

    @property
    def is_enough(self) -> bool:
        """Whether a question and an answer are among them."""
        return bool(self.messages or self.text or (self.instruction and self.output))

    def names(self) -> set[str]:
        """Return the fields that are used."""
        given = (getattr(self, each.name) for each in fields(self) if each.name != "tags")
        return {name for name in given if name}


class ColumnsUnknown(BadInput):
    """No field could be recognised as the question, or as the answer."""

    def __init__(self, file: str, names: tuple[str, ...]) -> None:
        self.file, self.names = file, names
        super().__init__(
            "{file}: none of its fields ({shown}) is known as a question and another as an "
            "answer. Name them instruction and output, or say which they are.",
            shown=_some(names),
        )
        self.samples: dict[str, str] = {}
        """The fields, each with something that stands in it."""


class ColumnMissing(BadInput):
    """A column that somebody named is not in the file."""

    def __init__(self, file: str, missing: tuple[str, ...], names: tuple[str, ...]) -> None:
        self.file, self.missing, self.names = file, missing, names
        super().__init__(
            "{file} has no field {missing}. Its fields: {shown}. Name one of these instead.",
            shown=_some(names),
        )


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if len(names) <= _MOST_NAMED else (*names[:_MOST_NAMED], "…")


def mapped(assignments: Mapping[str, str]) -> Columns:
    """Return the columns that a person names; question, context and answer say the same as
    instruction, input and output. BadInput where that is not enough for a pair."""
    chosen = {_SPOKEN.get(role, role): name for role, name in assignments.items()}
    if unknown := sorted(set(chosen) - set(_NAMES)):
        raise BadInput(
            "There is no {unknown} in a pair. Use one of: {known}.",
            unknown=tuple(unknown),
            known=(*_SPOKEN, *_NAMES),
        )
    columns = Columns(**chosen)  # type: ignore[arg-type]  # The keys were checked above.
    if not columns.is_enough:
        raise BadInput(
            "A pair needs a question and an answer: map both, or messages, or text "
            "(for example --map question=q --map answer=a)."
        )
    return columns


def guess(file: str, records: Sequence[Record]) -> Columns:
    """Choose the columns by their names and what stands in some records.

    Where a question and an instruction exist, both are used. ColumnsUnknown if there is no
    question or no answer among them.
    """
    counts = Counter(name for record in records for name in record)
    seen = tuple(name for name, _ in counts.most_common())
    folded = {name.strip().casefold(): name for name in reversed(seen)}
    chosen = {role: _commonest(folded, options, counts) for role, options in _NAMES.items()}
    messages, text = chosen.pop("messages"), chosen.pop("text")
    if chosen["instruction"] is None or chosen["output"] is None:
        found = _conversation(records, seen, messages) or _marked(records, seen, text)
        if found is None:
            raise ColumnsUnknown(file, seen)
        return replace(found, system=chosen["system"], tools=chosen["tools"])
    chosen.pop("tools")
    columns = Columns(**chosen)  # type: ignore[arg-type]  # Its keys are roles, so never tags.
    return _with_question(columns, folded)


def spare(columns: Columns, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each role, fields that stand for it in the rows without the chosen one."""
    used = columns.names()
    folded = {name.strip().casefold(): name for name in names if name not in used}
    return {
        role: others
        for role in ("instruction", "input", "output", "system", "history", "facts")
        if (others := tuple(folded[each] for each in _NAMES[role] if each in folded))
    }


def _with_question(columns: Columns, folded: dict[str, str]) -> Columns:
    """Keep the question of a file with both an instruction and a question as the input."""
    instruction = columns.instruction or ""
    rest = [name for name in _NAMES["instruction"] if name != instruction.strip().casefold()]
    question = next((folded[name] for name in rest if name in folded), None)
    if columns.input is None and question is not None and instruction.casefold() == "instruction":
        return replace(columns, input=question)
    return columns


def _conversation(
    records: Sequence[Record], seen: tuple[str, ...], named: str | None
) -> Columns | None:
    """Find the field whose values are conversations, whatever it is called."""
    for name in dict.fromkeys([*([named] if named else []), *seen]):
        values = [record.get(name) for record in records[:_SAMPLED] if record.get(name)]
        if values and (tags := conversation.recognised(values)) is not None:
            return Columns(messages=name, tags=tags)
    return None


def _marked(records: Sequence[Record], seen: tuple[str, ...], named: str | None) -> Columns | None:
    """Find the field whose texts are marked."""
    for name in dict.fromkeys([*([named] if named else []), *seen]):
        texts = [
            value for record in records[:_SAMPLED] if isinstance(value := record.get(name), str)
        ]
        if texts and sum(map(marked_text.is_marked, texts)) * 2 >= len(texts):
            return Columns(text=name)
    return None


def _commonest(
    folded: dict[str, str], options: tuple[str, ...], counts: Mapping[str, int]
) -> str | None:
    """Return the field that most records have; of equals, the one that is named best."""
    found = [folded[option] for option in options if option in folded]
    return max(found, key=lambda name: counts[name], default=None)
