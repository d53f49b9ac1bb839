"""From a conversation to one pair: the last exchange is asked and answered, the rest is history.

Formats: ShareGPT (`from`, `value`) and OpenAI chat messages (`role`, `content`), with the tags of
LLaMA-Factory's `dataset_info.json` where a registry gives them. Tools, calls of them and their
results are kept as the text that Qwen's and Hermes' templates make of them, so that a person can
read what the model will see.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.curate.records import Unusable

_SPEAKER_KEYS = (("from", "value"), ("role", "content"), ("role", "value"), ("from", "content"))
_TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
"""The words of Qwen2.5's chat template, so that its models read what they were trained on."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The keys and names by which a conversation says who speaks and what."""

    role: str = "role"
    content: str = "content"
    user: tuple[str, ...] = ("user", "human", "prompter", "用户")
    assistant: tuple[str, ...] = ("assistant", "gpt", "bot", "chatgpt", "model", "ai", "助手")
    observation: tuple[str, ...] = ("observation", "tool", "function", "function_response")
    call: tuple[str, ...] = ("function_call", "tool_call")
    system: tuple[str, ...] = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a conversation holds, as a pair keeps it."""

    system: str
    exchanges: list[list[str]]
    """[question, answer], the oldest first; at least one."""


def recognised(values: Sequence[object]) -> Tags | None:
    """Return the keys that most of these values use, None where they are no conversations."""
    turns = [parsed(value) for value in values]
    # A first turn that only calls tools has no content, so that who speaks must do.
    for needed in (2, 1):
        for keys in _SPEAKER_KEYS:
            fits = sum(_has_keys(value, keys[:needed]) for value in turns)
            if fits * 2 > len(values):
                return Tags(*keys)
    plain = sum(map(_is_alternating, turns))
    return Tags(role="", content="") if plain * 2 > len(values) else None


def read(value: object, tags: Tags) -> Conversation:
    """Return the exchanges of a conversation; Unusable says which turn does not fit, and why."""
    turns = parsed(value)
    if not isinstance(turns, list):
        raise Unusable("has no conversation: no list of turns")
    if not turns:
        raise Unusable("has a conversation without turns")
    spoken = [_turn(turn, number, tags) for number, turn in enumerate(turns, start=1)]
    system = ""
    if spoken[0][0] == "system":
        system = spoken.pop(0)[1]
    return Conversation(system, _exchanges(spoken))


def with_tools(system: str, tools: object) -> str:
    """Return the system prompt with the tools that the conversation may call, as text."""
    tools = parsed(tools)
    if not tools:
        return system
    if isinstance(tools, str):
        listed = tools
    else:
        each = tools if isinstance(tools, list) else [tools]
        listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in each)
    return f"{system}\n\n{_TOOLS.format(tools=listed)}".strip()


def parsed(value: object) -> object:
    """Read a list or object that a table carries as JSON text; other text stays text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _turn(turn: object, number: int, tags: Tags) -> tuple[str, str, int]:
    """Return who speaks (as what), the text, and the number of the turn."""
    if not tags.role:
        if not isinstance(turn, str):
            raise Unusable("has a turn that is no text (turn {number})", number=number)
        return ("user" if number % 2 else "assistant"), turn, number
    if not isinstance(turn, dict):
        raise Unusable("has a turn that is no object (turn {number})", number=number)
    name = turn.get(tags.role)
    speaker = _speaker(name, tags)
    if speaker is None:
        raise Unusable(
            "has a turn by {name!r}, who is not known (turn {number})", name=name, number=number
        )
    text = _content(turn.get(tags.content), number)
    calls = turn.get("tool_calls") or turn.get("function_call")
    if speaker == "assistant" and calls:
        text = "\n".join([*([text] if text.strip() else []), *map(_call, _listed(calls))])
    elif speaker == "call":
        speaker, text = "assistant", "\n".join(map(_call, _listed(parsed(text))))
    elif speaker == "observation":
        text = f"<tool_response>\n{text}\n</tool_response>"
    return speaker, text, number


def _speaker(name: object, tags: Tags) -> str | None:
    if not isinstance(name, str):
        return None
    folded = name.strip().casefold()
    for speaker in ("user", "assistant", "observation", "call", "system"):
        if name in (known := getattr(tags, speaker)) or folded in known:
            return speaker
    return None


def _exchanges(spoken: list[tuple[str, str, int]]) -> list[list[str]]:
    exchanges: list[list[str]] = []
    last = ""
    for speaker, text, number in spoken:
        if speaker == "system":
            raise Unusable("has a system prompt in the middle (turn {number})", number=number)
        if speaker == "observation" and last == "observation":
            exchanges[-1][0] += f"\n{text}"  # Results of calls that were made at once.
        elif speaker == "assistant":
            if last in ("", "assistant"):
                if not last:
                    raise Unusable("begins with an answer (turn {number})", number=number)
                raise Unusable("has two answers in a row (turn {number})", number=number)
            exchanges[-1].append(text)
        elif last in ("", "assistant"):
            exchanges.append([text])
        else:
            raise Unusable("has two questions in a row (turn {number})", number=number)
        last = speaker
    if not exchanges:
        raise Unusable("has a conversation without turns")
    if len(exchanges[-1]) < 2:
        raise Unusable("ends with a question that nobody answers")
    return exchanges


def _content(value: object, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise Unusable("has a turn that is no text (turn {number})", number=number)
    texts = []
    for part in value:
        if isinstance(part, dict) and isinstance(text := part.get("text"), str):
            texts.append(text)
        else:
            raise Unusable(
                "has a turn with more than text, such as a picture (turn {number})", number=number
            )
    return "".join(texts)


def _call(call: object) -> str:
    """Return a call of a tool as Qwen's and Hermes' templates write it."""
    if isinstance(call, dict):
        inner = call.get("function")
        call = inner if isinstance(inner, dict) else call
        if "name" in call:
            made = {"name": call["name"], "arguments": parsed(call.get("arguments") or {})}
            return f"<tool_call>\n{json.dumps(made, ensure_ascii=False)}\n</tool_call>"
        return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"
    return f"<tool_call>\n{call}\n</tool_call>"


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _has_keys(value: object, keys: Sequence[str]) -> bool:
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and all(key in first for key in keys)


def _is_alternating(value: object) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(isinstance(t, str) for t in value)
