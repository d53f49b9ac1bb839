"""Chat templates: how a conversation becomes a prompt, and the system prompt a template hides.

Renders as transformers does, with Jinja's sandbox alone, so that a page can use it too. What a
tokenizer makes of the rendered text it does not know.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, NoReturn

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.errors import BadInput

Policy = Literal["model", "none", "text"]
Message = Mapping[str, object]
"""`role` and `content`, as the OpenAI chat API writes them."""
SpecialTokens = Mapping[str, str]
"""`bos_token`, `eos_token` …: what a template may name, as the tokenizer has them."""

NO_TOKENS: SpecialTokens = {}
SYSTEM_PROBE, OTHER_SYSTEM_PROBE = "Graft probes the system.", "Graft probes the system anew."
USER_PROBE = "Graft probes the user."
OTHER_DAY = datetime(2001, 2, 3)


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """Which system prompt stands where a conversation brings none of its own.

    `model`: what the template does by itself; `none`: none at all; `text`: this text.
    """

    policy: Policy = "model"
    text: str = ""

    def __post_init__(self) -> None:
        if self.policy == "text" and not self.text.strip():
            raise BadInput(
                "The system prompt's text is empty. Write one, or choose the policy none."
            )


class TemplateFault(BadInput):
    """The chat template cannot be read, or refuses a conversation."""


class SystemPromptImpossible(BadInput):
    """The template cannot be made to follow the system prompt that was asked for."""


def render(
    template: str,
    messages: Sequence[Message],
    *,
    add_generation_prompt: bool = False,
    special_tokens: SpecialTokens = NO_TOKENS,
    now: datetime | None = None,
) -> str:
    """Return the text that the model reads; TemplateFault says what the template refuses.

    `now` is the date for templates that tell the model the date; by default it is today's.
    """
    moment = now or datetime.now()
    try:
        return _compiled(template).render(
            messages=[dict(message) for message in messages],
            add_generation_prompt=add_generation_prompt,
            tools=None,
            documents=None,
            strftime_now=moment.strftime,
            **special_tokens,
        )
    except (jinja2.TemplateError, TypeError, ValueError, LookupError) as error:
        raise TemplateFault("The model's chat template failed: {error}", error=error) from error


def default_system_prompt(template: str, special_tokens: SpecialTokens = NO_TOKENS) -> str | None:
    """Return the system prompt that the template adds on its own, or None if it adds none."""
    default = _default_block(template, special_tokens)
    return default.text.strip() if default else None


def with_system_prompt(
    template: str, prompt: SystemPrompt, special_tokens: SpecialTokens = NO_TOKENS
) -> str:
    """Return a template that follows `prompt` where a conversation brings no system message.

    A conversation with a system message of its own renders as before. The new template is rendered
    to prove it; SystemPromptImpossible says in words what this model's template does not allow.
    """
    if prompt.policy == "model":
        return template
    if prompt.policy == "text":
        return _with_text(template, prompt.text, special_tokens)
    return _without_default(template, special_tokens)


@dataclass(frozen=True, slots=True)
class _Default:
    """A template's own system prompt, and what stands around it in a conversation without one."""

    before: str
    text: str
    after: str


def _default_block(template: str, special_tokens: SpecialTokens) -> _Default | None:
    """Find the default: what stands where a system message of one's own would stand."""
    user = {"role": "user", "content": USER_PROBE}
    plain = render(template, [user], special_tokens=special_tokens)
    probed = _rendered(template, [_system(SYSTEM_PROBE), user], special_tokens)
    if probed is None or probed.count(SYSTEM_PROBE) != 1:
        return None
    before, after = probed.split(SYSTEM_PROBE)
    if len(plain) < len(before) + len(after):
        return None
    if not (plain.startswith(before) and plain.endswith(after)):
        return None
    text = plain[len(before) : len(plain) - len(after)]
    return _Default(before, text, after) if text.strip() else None


def _with_text(template: str, text: str, special_tokens: SpecialTokens) -> str:
    # An `if` of Jinja opens no scope, so the longer list is what the template then sees.
    message = f'{{"role": "system", "content": {_literal(text)}}}'
    changed = (
        "{%- if messages and messages[0]['role'] != 'system' %}"
        f"{{%- set messages = [{message}] + messages %}}"
        "{%- endif %}" + template
    )
    user = {"role": "user", "content": USER_PROBE}
    wanted = _rendered(template, [_system(text), user], special_tokens)
    if wanted is None or text.strip() not in wanted:
        raise SystemPromptImpossible(
            "This model's chat template has no place for a system prompt. Choose the policy "
            "none, and put what it should know into the questions."
        )
    _prove(template, changed, wanted, special_tokens)
    return changed


def _without_default(template: str, special_tokens: SpecialTokens) -> str:
    default = _default_block(template, special_tokens)
    if default is None:
        return template
    head, tail = _frame(template, default, special_tokens)
    block = head + default.text + tail
    body = template.removesuffix("\n")  # Jinja drops a last newline only at the very end.
    changed = (
        f"{{% set graft_rendered %}}{body}{{% endset %}}"
        "{%- if messages and messages[0]['role'] != 'system' %}"
        f'{{{{- graft_rendered | replace({_literal(block)}, "", 1) }}}}'
        "{%- else %}{{- graft_rendered }}{%- endif %}"
    )
    opening = default.before.removesuffix(head)
    wanted = opening + default.after.removeprefix(tail)
    _prove(template, changed, wanted, special_tokens)
    user = {"role": "user", "content": USER_PROBE}
    if render(changed, [user], special_tokens=special_tokens, now=OTHER_DAY) != wanted:
        raise SystemPromptImpossible(
            "The system prompt that this model's chat template adds changes with the date, so it "
            "cannot be taken out. Choose the policy text and write a system prompt of your own."
        )
    return changed


def _frame(template: str, default: _Default, special_tokens: SpecialTokens) -> tuple[str, str]:
    """Return what opens and what closes a system message.

    Two system messages in a row show it: between them stands what closes one and opens the next.
    Where that is refused, a conversation of the system message alone shows what closes it.
    """
    two = [_system(SYSTEM_PROBE), _system(OTHER_SYSTEM_PROBE), {"role": "user", "content": "?"}]
    rendered = _rendered(template, two, special_tokens)
    if rendered is not None and OTHER_SYSTEM_PROBE in rendered:
        between = rendered.split(SYSTEM_PROBE, 1)[1].split(OTHER_SYSTEM_PROBE, 1)[0]
        head = _common_end(default.before, between)
        tail = between.removesuffix(head)
        if default.after.startswith(tail):
            return head, tail
    alone = _rendered(template, two[:1], special_tokens)
    if alone is not None and alone.startswith(default.before + SYSTEM_PROBE):
        tail = alone.removeprefix(default.before + SYSTEM_PROBE)
        if default.after.startswith(tail):
            return default.before.removeprefix(special_tokens.get("bos_token", "")), tail
    raise SystemPromptImpossible(
        "This model's chat template adds the system prompt {prompt!r} in a way that cannot be "
        "taken out. Choose the policy text and write a system prompt of your own.",
        prompt=default.text.strip()[:80],
    )


def _common_end(one: str, other: str) -> str:
    """Return the longest text that both end in."""
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return one[len(one) - length :]


def _prove(template: str, changed: str, wanted: str, special_tokens: SpecialTokens) -> None:
    """Render the changed template and compare; raises SystemPromptImpossible where it differs."""
    user = {"role": "user", "content": USER_PROBE}
    own = [_system(SYSTEM_PROBE), user]
    holds = _rendered(changed, [user], special_tokens) == wanted and _rendered(
        changed, own, special_tokens
    ) == _rendered(template, own, special_tokens)
    if not holds:
        raise SystemPromptImpossible(
            "This model's chat template could not be changed to the system prompt that was asked "
            "for. Choose the policy model to train with the template as it is."
        )


def _system(text: str) -> Message:
    return {"role": "system", "content": text}


def _rendered(
    template: str, messages: Sequence[Message], special_tokens: SpecialTokens
) -> str | None:
    """Render, or None where the template refuses the conversation."""
    try:
        return render(template, messages, special_tokens=special_tokens)
    except TemplateFault:
        return None


def _literal(text: str) -> str:
    """Write a text as a Jinja string: JSON's escapes are a part of Jinja's."""
    return json.dumps(text, ensure_ascii=False)


class _Generation(Extension):
    """The block `{% generation %}` that marks an assistant's words for transformers: no change."""

    tags = {"generation"}  # noqa: RUF012 - Jinja declares it so

    def parse(self, parser: Parser) -> list[Node]:
        """Return what the block holds, as it is."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@lru_cache(maxsize=64)
def _compiled(template: str) -> jinja2.Template:
    """Compile in the environment that transformers uses, so that the text is the same."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    return environment.from_string(template)


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _to_json(value: object, ensure_ascii: bool = False, indent: int | None = None) -> str:
    # Jinja's own filter escapes HTML.
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)
