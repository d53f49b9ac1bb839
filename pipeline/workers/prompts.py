"""From a conversation to the very prompt that a model reads, by the right chat template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import tokenizers
from transformers import PreTrainedTokenizerBase

from pipeline.chat.protocol import BASE, Message, Question, SystemPrompt, messages_json
from pipeline.models import template as templates
from pipeline.models.example import Token, control_pattern, prompt_of
from pipeline.models.tokenizer import without_added
from pipeline.workers.model import special_tokens


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


class HubCoder:
    """A tokenizer of transformers as the shared definition of a prompt takes it."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, template: str | None = None) -> None:
        self._tokenizer = tokenizer
        self.template = template if template is not None else str(tokenizer.chat_template)
        self.special_tokens: templates.SpecialTokens = special_tokens(tokenizer)
        added = {
            str(token.content): bool(token.special)
            for token in tokenizer.added_tokens_decoder.values()
        }
        self.control = control_pattern(added, self.template)

    def encode(self, text: str, *, as_text: bool = False) -> list[Token]:
        """Return the tokens of a text, without telling where each ends."""
        if as_text and self._plain is not None:
            return [(token, 0) for token in self._plain.encode(text, add_special_tokens=False).ids]
        read = self._tokenizer(text, add_special_tokens=False, split_special_tokens=as_text)
        return [(int(token), 0) for token in read["input_ids"]]

    @cached_property
    def _plain(self) -> tokenizers.Tokenizer | None:
        """The tokenizer without control tokens; None for one that is written in Python."""
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        return without_added(backend) if isinstance(backend, tokenizers.Tokenizer) else None


def render(
    tokenizer: PreTrainedTokenizerBase, template: str, messages: Sequence[Message]
) -> Prompt:
    """Render a conversation up to where the answer begins; TemplateFault if it is refused.

    Control tokens in the messages are read as plain text: only the template's own end a turn.
    """
    coder = HubCoder(tokenizer, template)
    text, ids = prompt_of(coder, messages_json(tuple(messages)))
    first = messages[0]
    if first.role == "system":
        return Prompt(text, ids, first.content)
    default = templates.default_system_prompt(template, coder.special_tokens)
    return Prompt(text, ids, default)


def with_system(messages: Sequence[Message], system_prompt: SystemPrompt) -> tuple[Message, ...]:
    """The conversation with the policy's text before it, unless it names a system prompt itself."""
    if system_prompt.policy == "text" and messages[0].role != "system":
        return (Message("system", system_prompt.text), *messages)
    return tuple(messages)
