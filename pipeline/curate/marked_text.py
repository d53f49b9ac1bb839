"""Question and answer in one text, told apart by markers.

Knows Alpaca's prompt ("### Instruction:" …), "### Human:" / "### Assistant:", ChatML
(`<|im_start|>`), Llama 2 (`[INST]`), and `<user>:` / `<bot>:`.
"""

import re

from pipeline.curate.conversation import Conversation
from pipeline.curate.records import Unusable

_ALPACA = re.compile(
    r"^#{2,3}[ \t]*(Instruction|Input|Response|指令|问题|输入|回答|回复|答案)[ \t]*[:：][ \t]*\n?",
    re.MULTILINE | re.IGNORECASE,
)
_ALPACA_PARTS = {
    "instruction": "question", "指令": "question", "问题": "question",
    "input": "context", "输入": "context",
    "response": "answer", "回答": "answer", "回复": "answer", "答案": "answer",
}  # fmt: skip
_SPEAKERS = (
    re.compile(r"<\|im_start\|>[ \t]*(?P<role>system|user|assistant)[ \t]*\n"),
    re.compile(r"^#{2,3}[ \t]*(?P<role>Human|User|Assistant)[ \t]*:[ \t]*", re.M | re.I),
    re.compile(r"<(?P<role>user|bot|human|assistant)>[ \t]*[:：][ \t]*", re.I),
)
_ENDS = re.compile(r"\s*(?:<\|im_end\|>|<\|endoftext\|>|</s>)\s*$")
_INST = re.compile(
    r"(?:<s>)?\s*\[INST\](.*?)\[/INST\](.*?)(?:</s>|(?=\s*(?:<s>)?\s*\[INST\])|\Z)", re.S
)
_SYS = re.compile(r"\s*<<SYS>>\s*(.*?)\s*<</SYS>>\s*", re.S)


def is_marked(text: str) -> bool:
    """Whether a text holds a question and an answer under markers that are known."""
    try:
        read(text)
    except Unusable:
        return False
    return True


def read(text: str) -> tuple[Conversation, str]:
    """Return the conversation in a marked text and its context; Unusable where there is none."""
    if (found := _alpaca(text)) is not None:
        return found
    if (exchanges := _inst(text)) is not None:
        return exchanges, ""
    for speakers in _SPEAKERS:
        if (marks := list(speakers.finditer(text))) and (
            found_exchanges := _spoken(text, marks)
        ) is not None:
            return found_exchanges, ""
    raise Unusable("has no markers for a question and an answer")


def _alpaca(text: str) -> tuple[Conversation, str] | None:
    """The first instruction and input, and everything after the first response marker."""
    parts: dict[str, str] = {}
    marks = list(_ALPACA.finditer(text))
    if not marks:
        return None
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        part = _ALPACA_PARTS[mark.group(1).casefold()]
        if part == "answer":
            parts[part] = text[mark.end() :]
            break
        parts.setdefault(part, text[mark.end() : following.start() if following else None])
    if "question" not in parts or "answer" not in parts:
        return None
    answer = _ENDS.sub("", parts["answer"]).strip()
    return Conversation("", [[parts["question"].strip(), answer]]), parts.get("context", "").strip()


def _inst(text: str) -> Conversation | None:
    found = _INST.findall(text)
    if not found:
        return None
    system = ""
    if (given := _SYS.match(found[0][0])) is not None:
        system = given.group(1)
        found[0] = (found[0][0][given.end() :], found[0][1])
    return Conversation(system, [[question.strip(), answer.strip()] for question, answer in found])


def _spoken(text: str, marks: list[re.Match[str]]) -> Conversation | None:
    """Speakers who take turns; None where they do not."""
    system = ""
    exchanges: list[list[str]] = []
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        said = _ENDS.sub("", text[mark.end() : following.start() if following else None]).strip()
        role = mark.group("role").casefold()
        if role == "system" and not exchanges:
            system = said
        elif role in {"user", "human"} and (not exchanges or len(exchanges[-1]) == 2):
            exchanges.append([said])
        elif role in {"assistant", "bot"} and exchanges and len(exchanges[-1]) == 1:
            exchanges[-1].append(said)
        else:
            return None
    is_whole = bool(exchanges) and len(exchanges[-1]) == 2
    return Conversation(system, exchanges) if is_whole else None
