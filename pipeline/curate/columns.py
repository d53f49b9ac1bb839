"""Which field of a record is what: guessed from the names people give, Chinese and English."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
}
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """The field names of a file, None where it has no such field."""

    instruction: str
    output: str
    input: str | None = None
    system: str | None = None
    history: str | None = None
    facts: str | None = None


class ColumnsUnknown(BadInput):
    """No field could be recognised as the question, or as the answer."""

    def __init__(self, file: str, names: tuple[str, ...]) -> None:
        shown = ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
        super().__init__(
            f"{file}: none of its fields ({shown}) is known as a question and "
            "another as an answer. Name them instruction and output, or say which they are."
        )
        self.file, self.names = file, names


def guess(file: str, names: Iterable[str]) -> Columns:
    """Choose the columns by name; where a question and an instruction exist, both are used.

    ColumnsUnknown if there is no question or no answer among them.
    """
    seen = tuple(dict.fromkeys(names))
    folded = {name.strip().casefold(): name for name in reversed(seen)}
    chosen = {role: _first(folded, options) for role, options in _NAMES.items()}
    instruction, output = chosen["instruction"], chosen["output"]
    if instruction is None or output is None:
        raise ColumnsUnknown(file, seen)
    columns = Columns(
        instruction=instruction,
        output=output,
        input=chosen["input"],
        system=chosen["system"],
        history=chosen["history"],
        facts=chosen["facts"],
    )
    # A file with both an instruction and a question, but no input, keeps its question as the input.
    rest = tuple(name for name in _NAMES["instruction"] if name != instruction.strip().casefold())
    question = _first(folded, rest)
    if columns.input is None and question is not None and instruction.casefold() == "instruction":
        return replace(columns, input=question)
    return columns


def _first(folded: dict[str, str], options: tuple[str, ...]) -> str | None:
    return next((folded[option] for option in options if option in folded), None)
