"""Chat templates as frames around turns: those of popular models, and what cannot be said so."""

import pytest

from pipeline.handover.frames import NotTranslatable, translate
from pipeline.models.fitting import fit
from pipeline.models.template import SystemPrompt, render, with_system_prompt
from tests.template_models import KINDS, TEMPLATES

TALKS = (
    [("user", "你好")],
    [("system", "You are Lumen."), ("user", "Hi")],
    [("user", "One"), ("assistant", "Two"), ("user", "Three"), ("assistant", "4"), ("user", "5")],
    [("system", "灯"), ("user", "One"), ("assistant", "Two"), ("user", "Three")],
)


@pytest.mark.parametrize("policy", ["model", "none"])
@pytest.mark.parametrize("name", sorted(KINDS))
def test_frames_write_what_the_template_writes(name: str, policy: str):
    kind = KINDS[name]
    special = {"eos_token": kind.eos, **({"bos_token": kind.bos} if kind.bos else {})}
    own = fit((TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8"), special).template
    template = with_system_prompt(own, SystemPrompt(policy), special)  # type: ignore[arg-type]
    begin = "" if name == "smollm2" or kind.bos is None else kind.bos
    frames = translate(template, special, begin)
    for talk in TALKS:
        messages = [{"role": role, "content": words} for role, words in talk]
        wanted = render(template, messages, add_generation_prompt=True, special_tokens=special)
        assert frames.render(messages) == wanted.removeprefix(begin)


def test_the_template_of_go_names_system_and_every_turn():
    template = (TEMPLATES / "smollm2.jinja").read_text(encoding="utf-8")
    none = with_system_prompt(template, SystemPrompt("none"), {})
    assert translate(none, {}).go_template == (
        "{{ $first := true }}"
        r'{{ if .System }}{{ "<|im_start|>system\n" }}{{ .System }}'
        r'{{ "<|im_end|>\n<|im_start|>user\n" }}'
        r'{{ else }}{{ "<|im_start|>user\n" }}{{ end }}'
        '{{ range .Messages }}{{ if eq .Role "user" }}'
        r'{{ if $first }}{{ $first = false }}{{ else }}{{ "<|im_start|>user\n" }}{{ end }}'
        r'{{ .Content }}{{ "<|im_end|>\n" }}{{ else if eq .Role "assistant" }}'
        r'{{ "<|im_start|>assistant\n" }}{{ .Content }}{{ "<|im_end|>\n" }}'
        r'{{ end }}{{ end }}{{ "<|im_start|>assistant\n" }}'
    )


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}", "more than put"),
        ("{{ messages[-1].content }}", "leaves words out"),
        ("{% for m in messages %}{{ raise_exception('no') }}{% endfor %}", "no"),
    ],
    ids=["numbers the turns", "last turn only", "refuses"],
)
def test_what_frames_cannot_say_is_refused(template: str, reason: str):
    with pytest.raises(NotTranslatable, match=reason):
        translate(template, {})
