"""The chat template that lies with an adapter or merged model: read, changed, put back.

What is changed is what others serve with (vLLM, transformers). The template of the training is kept
beside it, so that "as trained" stays true in chat and evaluation. A base's folder is never written.
"""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import write_atomic
from pipeline.models import catalog
from pipeline.models.fitting import fit
from pipeline.models.template import (
    SpecialTokens,
    SystemPrompt,
    TemplateFault,
    default_system_prompt,
    render,
    with_system_prompt,
)
from pipeline.said import Said

TEMPLATE = "chat_template.jinja"
TRAINED = "chat_template.trained.jinja"
"""Beside it: the template as trained, once another one was put in its place."""
_USER, _ANSWER, _SYSTEM = "Graft asks.", "Graft answers.", "Graft instructs."


class TemplateUnfit(BadInput):
    """A template that somebody wrote loses what is said, or does not ask for an answer."""

    def __init__(self, reason: Said) -> None:
        self.reason = reason
        super().__init__("This chat template cannot be used: {reason}. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Stored:
    """The template of an adapter or merged model."""

    template: str
    special_tokens: SpecialTokens
    trained: str
    """The template as trained; the same where it was never changed."""

    @property
    def is_changed(self) -> bool:
        """Whether another one stands in the place of the one that was trained with."""
        return self.template != self.trained

    @property
    def system_prompt(self) -> str | None:
        """What it puts before a conversation that brings no system prompt; None: nothing."""
        return default_system_prompt(self.template, self.special_tokens)

    @property
    def trained_prompt(self) -> str | None:
        """What it put there in training."""
        return default_system_prompt(self.trained, self.special_tokens)

    @property
    def example(self) -> str:
        """A short conversation as the model reads it."""
        return render(
            self.template,
            [{"role": "user", "content": "…"}],
            add_generation_prompt=True,
            special_tokens=self.special_tokens,
        )


def read(folder: Path) -> Stored:
    """Return what lies in the folder; TemplateFault where there is no template."""
    template, special = catalog.chat_template(folder)
    if not template:
        raise TemplateFault("{folder} holds no chat template.", folder=folder)
    kept = folder / TRAINED
    trained = kept.read_text(encoding="utf-8") if kept.is_file() else template
    return Stored(template, special, trained)


def change_prompt(folder: Path, base: Path, prompt: SystemPrompt) -> Stored:
    """Let the model in a folder be served under another system prompt, from its base's template.

    Raises SystemPromptImpossible where that template does not allow it.
    """
    own, special = catalog.chat_template(base)
    return _keep(folder, with_system_prompt(fit(own, special).template, prompt, special))


def change_template(folder: Path, template: str) -> Stored:
    """Let the model in a folder be served with a template that somebody wrote; or TemplateUnfit."""
    now = read(folder)
    if fault := _fault(template, now.special_tokens):
        raise TemplateUnfit(fault)
    return _keep(folder, template)


def put_back(folder: Path) -> Stored:
    """Put the template of the training back."""
    return _keep(folder, read(folder).trained)


def _keep(folder: Path, template: str) -> Stored:
    now = read(folder)
    # First the old one: a process that is killed here has lost nothing.
    write_atomic(folder / TRAINED, now.trained.encode())
    write_atomic(folder / TEMPLATE, template.encode())
    if template == now.trained:
        (folder / TRAINED).unlink()
    return read(folder)


def _fault(template: str, special: SpecialTokens) -> Said | None:
    """Render conversations with it; say what is wrong, empty if nothing is."""
    user, answer = {"role": "user", "content": _USER}, {"role": "assistant", "content": _ANSWER}
    system = {"role": "system", "content": _SYSTEM}
    try:
        asked = render(template, [user], add_generation_prompt=True, special_tokens=special)
        plain = render(template, [user], special_tokens=special)
        told = render(template, [system, user, answer, user], special_tokens=special)
    except TemplateFault as error:
        return error.said
    if asked.count(_USER) != 1 or told.count(_USER) != 2 or _ANSWER not in told:
        return Said("it loses questions or answers")
    if _SYSTEM not in told:
        return Said("it loses a system prompt")
    if asked == plain:
        return Said("it does not mark where the answer begins (add_generation_prompt)")
    return None
