"""From an alpaca row to the tokens a model learns, and which of them: the one definition.

Training, evaluation, chat and the token view use these functions, each with its own `Coder`. What
a tokenizer is made of this module does not know.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import BadInput
from pipeline.models.template import Message, SpecialTokens, TemplateFault, render

IGNORED = -100
"""The label of a token that is not learned from, as torch's cross entropy has it."""
Record = Mapping[str, object]
Token = tuple[int, int]
"""A token's id and where it ends in the text it was read from; 0 where a coder does not tell."""
TURN_PROBE = "Graft probes the answer."
# Around control tokens in a person's words while a template is rendered (private use area).
_OPEN, _CLOSE = "\uf5a0", "\uf5a1"
_MARK = re.compile(f"([{_OPEN}{_CLOSE}])")


class Coder(Protocol):
    """A tokenizer with a chat template."""

    @property
    def template(self) -> str:
        """The chat template, fitted."""
        ...

    @property
    def special_tokens(self) -> SpecialTokens:
        """What the template may name."""
        ...

    @property
    def control(self) -> re.Pattern[str]:
        """What finds control tokens in a text."""
        ...

    def encode(self, text: str, *, as_text: bool = False) -> list[Token]:
        """Return the tokens of a text; control tokens are read as plain text with `as_text`."""
        ...


class TemplateNotPrefix(BadInput):
    """The prompt that the model is asked with is no beginning of the conversation it learns."""

    def __init__(self, prompt: str, whole: str) -> None:
        super().__init__(
            "This model's chat template renders a question differently once its answer is there, "
            "so what is learned is not what is asked. Prompt: …{prompt!r}; "
            "conversation: …{whole!r}.",
            prompt=prompt[-120:],
            whole=whole[-160:],
        )


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation as token ids, its last answer to be learned."""

    ids: tuple[int, ...]
    answer_start: int
    """The first position of the answer; it is learned from there to the end."""
    role: str
    is_cut: bool
    """Whether the answer was cut off to fit, its end token with it."""

    @property
    def labels(self) -> tuple[int, ...]:
        """What each position should have been predicted as; prompt positions are ignored."""
        return (IGNORED,) * self.answer_start + self.ids[self.answer_start :]


@dataclass(frozen=True, slots=True)
class Spelled:
    """A conversation in full, before any cut-off."""

    prompt: str
    """What the model is asked: everything up to where its answer begins."""
    answer: str
    """What the template writes after the prompt; what follows the end token is not learned."""
    prompt_tokens: tuple[Token, ...]
    answer_tokens: tuple[Token, ...]
    """The last one is the end token. Positions count from where the answer begins."""

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.prompt_tokens) + len(self.answer_tokens)


def messages_of(record: Record) -> list[Message]:
    """Return the conversation of an alpaca row.

    The user's words are `instruction`, a line break, `input` — or `instruction` alone — which is
    LLaMA-Factory's rule.
    """
    messages: list[Message] = []
    if record.get("system"):
        messages.append({"role": "system", "content": str(record["system"])})
    history = record.get("history") or []
    for question, answer in history if isinstance(history, list) else []:
        messages.append({"role": "user", "content": str(question)})
        messages.append({"role": "assistant", "content": str(answer)})
    parts = [str(record.get(name) or "") for name in ("instruction", "input")]
    messages.append({"role": "user", "content": "\n".join(part for part in parts if part)})
    messages.append({"role": "assistant", "content": str(record["output"])})
    return messages


def encode(
    coder: Coder, record: Record, role: str, *, cutoff: int, end_ids: Sequence[int]
) -> Example | None:
    """Return a row as an example, None where the prompt alone fills `cutoff` tokens.

    Raises TemplateNotPrefix, and TemplateFault where the template refuses the conversation.
    """
    spelled = spell(coder, record, end_ids)
    start = len(spelled.prompt_tokens)
    if start >= cutoff:
        return None
    ids = [token for token, _ in (*spelled.prompt_tokens, *spelled.answer_tokens)][:cutoff]
    return Example(tuple(ids), start, role, spelled.length > cutoff)


def spell(coder: Coder, record: Record, end_ids: Sequence[int]) -> Spelled:
    """Return all tokens of a row: the prompt as it is asked, the answer and the token that ends it.

    The answer's tokens are those of the whole conversation, so that no space or line break is
    made up, unless a token would reach across: then the answer is read apart, as it is generated.
    What a template writes after the end token is left out; where it writes none, the first of
    `end_ids` is added. Control tokens in a person's words are read as plain text, as in chat.
    """
    messages = messages_of(record)
    prompt = _render(coder, messages[:-1], add_generation_prompt=True)
    whole = _render(coder, messages, add_generation_prompt=False)
    if not whole.startswith(prompt):
        raise TemplateNotPrefix(_bare(prompt), _bare(whole))
    answer = whole[len(prompt) :]
    asked, said = _tokens(coder, prompt), _tokens(coder, whole)
    if [token for token, _ in said[: len(asked)]] == [token for token, _ in asked]:
        start = len(_bare(prompt))
        learned = [(token, end - start) for token, end in said[len(asked) :]]
    else:
        learned = _after(coder, _bare(answer), as_text=False)
    ended = _ended(learned, end_ids)
    return Spelled(_bare(prompt), _bare(answer), tuple(asked), tuple(ended))


def prompt_of(coder: Coder, messages: Sequence[Message]) -> tuple[str, tuple[int, ...]]:
    """Return the text and the token ids with which a conversation asks for its next answer."""
    text = _render(coder, messages, add_generation_prompt=True)
    return _bare(text), tuple(token for token, _ in _tokens(coder, text))


def end_ids_of(configured: object, eos_id: int | None, turn_id: int | None) -> tuple[int, ...]:
    """Return the tokens that end an answer, the one that is learned first.

    By the model's generation settings, the tokenizer, and the chat template: a base model often
    names only the end of a text, while what it learned ends with a turn.
    """
    listed = configured if isinstance(configured, list) else [configured]
    found = {each for each in (*listed, eos_id, turn_id) if isinstance(each, int)}
    first = eos_id if turn_id is None else turn_id
    return tuple(sorted(found, key=lambda token: (token != first, token)))


def end_of_turn(
    template: str,
    special_tokens: SpecialTokens,
    encode: Callable[[str], Sequence[int]],
    control_ids: Collection[int],
) -> int | None:
    """Return the control token that the template writes right after an answer, if there is one."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": TURN_PROBE}]
    try:
        text = render(template, turns, special_tokens=special_tokens)
    except TemplateFault:
        return None
    after = encode(text.rpartition(TURN_PROBE)[2].lstrip())
    return after[0] if after and after[0] in control_ids else None


def control_pattern(tokens: Mapping[str, bool], template: str) -> re.Pattern[str]:
    """Return what finds control tokens, of added tokens and whether each is special.

    Those that are special, and those that the template writes itself, as transformers has it.
    """
    found = [
        token
        for token, is_special in tokens.items()
        if token and (is_special or (token in template and not token.isspace()))
    ]
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _render(coder: Coder, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
    return render(
        coder.template,
        [{name: _marked(value, coder.control) for name, value in m.items()} for m in messages],
        add_generation_prompt=add_generation_prompt,
        special_tokens=coder.special_tokens,
    )


def _marked(value: object, control: re.Pattern[str]) -> object:
    return control.sub(f"{_OPEN}\\g<0>{_CLOSE}", _bare(value)) if isinstance(value, str) else value


def _bare(text: str) -> str:
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def _tokens(coder: Coder, text: str) -> list[Token]:
    """Read a rendered text, what is marked in it as plain text."""
    if _OPEN not in text and _CLOSE not in text:
        return coder.encode(text)
    found: list[Token] = []
    at, as_text = 0, False
    for part in _MARK.split(text):
        if part in (_OPEN, _CLOSE):
            as_text = part == _OPEN
            continue
        tokens = _after(coder, part, as_text=as_text) if at else coder.encode(part, as_text=as_text)
        found += [(token, at + end) for token, end in tokens]
        at += len(part)
    return found


def _after(coder: Coder, text: str, *, as_text: bool) -> list[Token]:
    """Read a text that stands behind another: some tokenizers put a space before the first word."""
    if not text:
        return []
    line_break = [token for token, _ in coder.encode("\n")]
    tokens = coder.encode("\n" + text, as_text=as_text)
    if [token for token, _ in tokens[: len(line_break)]] == line_break:
        return [(token, max(end - 1, 0)) for token, end in tokens[len(line_break) :]]
    return coder.encode(text, as_text=as_text)


def _ended(tokens: list[Token], end_ids: Sequence[int]) -> list[Token]:
    """Cut after the last end token, or add one where the template writes none."""
    for place in range(len(tokens) - 1, -1, -1):
        if tokens[place][0] in end_ids:
            return tokens[: place + 1]
    end = tokens[-1][1] if tokens else 0
    return [*tokens, (end_ids[0], end)]
