"""From a conversation to the very prompt that a model reads, by the right chat template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2
from transformers import PreTrainedTokenizerBase

from pipeline.chat.protocol import BASE, Message, Question, SystemPrompt, messages_json
from pipeline.models import template as templates


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered conversation."""

    text: str
    ids: tuple[int, ...]
    system_prompt: str | None
    """The system prompt that stands in `text`, wherever it came from; None if there is none."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The chat templates at hand: the base model's, and each adapter's as it was trained."""

    base: str
    trained: dict[str, str]
    special_tokens: Mapping[str, str]

    def choose(self, question: Question) -> dict[str, str]:
        """The template for each model of a question, by its policy.

        As trained, the base is given the first adapter's template: both are asked the same thing.
        SystemPromptImpossible where the policy is none and the template's default cannot go.
        """
        policy = question.system_prompt.policy
        if policy == "trained":
            adapters = [name for name in question.models if name != BASE]
            theirs = self.trained[adapters[0]] if adapters else self.base
            return {name: self.trained.get(name, theirs) for name in question.models}
        chosen = self.base
        if policy == "none":
            none = templates.SystemPrompt("none")
            chosen = templates.with_system_prompt(self.base, none, self.special_tokens)
        return dict.fromkeys(question.models, chosen)


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """The tokens that a template may name (`bos_token` …), as text."""
    return {name: str(token) for name, token in tokenizer.special_tokens_map.items()}


def render(
    tokenizer: PreTrainedTokenizerBase, template: str, messages: Sequence[Message]
) -> Prompt:
    """Render a conversation up to where the answer begins; BadInput if the template refuses it.

    Control tokens in the messages are read as plain text: only the template's own end a turn.
    """
    given = messages_json(tuple(messages))
    try:
        text = tokenizer.apply_chat_template(
            given, chat_template=template, tokenize=False, add_generation_prompt=True
        )
        ids = tokenizer.apply_chat_template(
            given,
            chat_template=template,
            add_generation_prompt=True,
            return_dict=False,
            sanitize_control_tokens=True,
        )
    except jinja2.TemplateError as error:
        raise templates.TemplateFault(
            f"The model's chat template refuses this conversation: {error}."
        ) from error
    first = messages[0]
    if first.role == "system":
        return Prompt(text, tuple(ids), first.content)
    default = templates.default_system_prompt(template, special_tokens(tokenizer))
    return Prompt(text, tuple(ids), default)


def with_system(messages: Sequence[Message], system_prompt: SystemPrompt) -> tuple[Message, ...]:
    """The conversation with the policy's text before it, unless it names a system prompt itself."""
    if system_prompt.policy == "text" and messages[0].role != "system":
        return (Message("system", system_prompt.text), *messages)
    return tuple(messages)
