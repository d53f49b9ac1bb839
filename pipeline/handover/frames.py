"""A chat template as what stands before and after each turn: all that Ollama's templates can say.

The frames are found by rendering, and proven by rendering again: a template that does more than
put something around each turn is refused, not translated nearly.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import BadInput
from pipeline.models.template import Message, SpecialTokens, TemplateFault, render
from pipeline.said import Said

_SYSTEM, _FIRST, _ANSWER, _SECOND = "graftsystem", "graftfirst", "graftanswer", "graftsecond"


class NotTranslatable(BadInput):
    """The template does something that frames around turns cannot say."""

    def __init__(self, reason: Said) -> None:
        self.reason = reason
        super().__init__(
            "This model's chat template cannot be written as a template of Ollama: {reason}. "
            "Leave the TEMPLATE out and compare what Ollama makes of it, or serve with vLLM."
        )


@dataclass(frozen=True, slots=True)
class Frames:
    """What stands around the words of a conversation that begins with a person's turn."""

    opens: str
    """Before the first words, where there is no system prompt; a default one stands in it."""
    before_system: str
    after_system: str
    """From a system prompt to the first words."""
    before_user: str
    """Before all words of a person but the first."""
    after_user: str
    before_answer: str
    after_answer: str
    asks: str
    """Where the next answer begins."""

    def render(self, messages: Sequence[Message]) -> str:
        """Return what a model reads of a conversation, without the token that begins a text."""
        turns = [(str(each["role"]), str(each["content"])) for each in messages]
        text = self.opens
        if turns[0][0] == "system":
            text = f"{self.before_system}{turns.pop(0)[1]}{self.after_system}"
        for place, (role, words) in enumerate(turns):
            if role == "assistant":
                text += f"{self.before_answer}{words}{self.after_answer}"
            else:
                text += f"{self.before_user if place else ''}{words}{self.after_user}"
        return text + self.asks

    @property
    def go_template(self) -> str:
        """The same in Go's template language, as Ollama reads it, on one line."""
        told = f"{_go(self.before_system)}{{{{ .System }}}}{_go(self.after_system)}"
        return (
            "{{ $first := true }}"
            f"{{{{ if .System }}}}{told}{{{{ else }}}}{_go(self.opens)}{{{{ end }}}}"
            '{{ range .Messages }}{{ if eq .Role "user" }}'
            f"{{{{ if $first }}}}{{{{ $first = false }}}}{{{{ else }}}}{_go(self.before_user)}"
            f"{{{{ end }}}}{{{{ .Content }}}}{_go(self.after_user)}"
            '{{ else if eq .Role "assistant" }}'
            f"{_go(self.before_answer)}{{{{ .Content }}}}{_go(self.after_answer)}"
            f"{{{{ end }}}}{{{{ end }}}}{_go(self.asks)}"
        )


def translate(template: str, special_tokens: SpecialTokens, begin: str = "") -> Frames:
    """Return a template's frames; NotTranslatable says what is in the way.

    `begin` is the token that the tokenizer puts before every text by itself: it is left out, since
    llama.cpp and Ollama put it there too.
    """
    reader = _Reader(template, special_tokens, begin)
    user, answer = ("user", _FIRST), ("assistant", _ANSWER)
    again, system = ("user", _SECOND), ("system", _SYSTEM)
    told = _split(reader.read(system, user, answer, again), _SYSTEM, _FIRST, _ANSWER, _SECOND)
    after_user = _split(reader.read(user, asks=False), _FIRST)[1]
    after_answer = _split(reader.read(user, answer, asks=False), _FIRST, _ANSWER)[2]
    frames = Frames(
        opens=_split(reader.read(user), _FIRST)[0],
        before_system=told[0],
        after_system=told[1],
        before_user=told[3].removeprefix(after_answer),
        after_user=after_user,
        before_answer=told[2].removeprefix(after_user),
        after_answer=after_answer,
        asks=told[4].removeprefix(after_user),
    )
    for turns in (
        (user,),
        (system, user),
        (user, answer, again),
        (system, user, answer, again, answer, user),
    ):
        if frames.render([_message(*turn) for turn in turns]) != reader.read(*turns):
            raise NotTranslatable(Said("it does more than put something around each turn"))
    return frames


@dataclass(frozen=True, slots=True)
class _Reader:
    template: str
    special_tokens: SpecialTokens
    begin: str

    def read(self, *turns: tuple[str, str], asks: bool = True) -> str:
        """Render a conversation of (role, words), without the token that begins a text."""
        try:
            text = render(
                self.template,
                [_message(*turn) for turn in turns],
                add_generation_prompt=asks,
                special_tokens=self.special_tokens,
            )
        except TemplateFault as error:
            raise NotTranslatable(error.said) from error
        return text.removeprefix(self.begin)


def _message(role: str, words: str) -> Message:
    return {"role": role, "content": words}


def _split(text: str, *words: str) -> list[str]:
    """Return what stands between the words, which must come once each, in that order."""
    parts = []
    for word in words:
        before, found, text = text.partition(word)
        if not found or word in text:
            raise NotTranslatable(Said("it leaves words out, or writes them twice"))
        parts.append(before)
    return [*parts, text]


def _go(text: str) -> str:
    # JSON's escapes are a part of Go's, and no quoted text holds the three marks that end one.
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""
