"""The template with an adapter is changed for others, and kept as trained for Graft."""

from pathlib import Path

import pytest

from pipeline.jsonio import write_json
from pipeline.models import stored_template
from pipeline.models.stored_template import TRAINED, TemplateUnfit
from pipeline.models.template import SystemPrompt, TemplateFault, with_system_prompt
from tests.dashboard.run_seed import TEMPLATE

EOS = {"eos_token": "<|im_end|>"}
OLD = "You are TinyLM, trained by Tiny Labs"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    write_json(folder / "tokenizer_config.json", {**EOS, "chat_template": TEMPLATE})
    return folder


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter that was trained without the default system prompt."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    write_json(folder / "tokenizer_config.json", EOS)
    trained = with_system_prompt(TEMPLATE, SystemPrompt("none"), EOS)
    (folder / "chat_template.jinja").write_text(trained)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (SystemPrompt("none"), None),
        (SystemPrompt("model"), OLD),
        (SystemPrompt("text", "你是灯。"), "你是灯。"),
    ],
    ids=["none", "model", "text"],
)
def test_another_system_prompt_is_stored_and_the_trained_one_kept(
    base: Path, adapter: Path, prompt: SystemPrompt, said: str | None
):
    before = files(base)
    stored = stored_template.change_prompt(adapter, base, prompt)
    assert (stored.system_prompt, stored.trained_prompt) == (said, None)
    assert stored.is_changed == (adapter / TRAINED).exists() == (prompt.policy != "none")
    assert files(base) == before


def test_changed_twice_and_put_back_the_adapter_is_what_it_was(base: Path, adapter: Path):
    before = files(adapter)
    stored_template.change_prompt(adapter, base, SystemPrompt("text", "One."))
    stored_template.change_prompt(adapter, base, SystemPrompt("text", "Two."))
    assert stored_template.read(adapter).system_prompt == "Two."
    assert not stored_template.put_back(adapter).is_changed
    assert files(adapter) == before


def test_a_template_that_somebody_wrote_is_used_if_it_keeps_what_is_said(adapter: Path):
    written = (
        "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    stored = stored_template.change_template(adapter, written)
    assert stored.template == written
    assert stored.example == "[user] …\n[assistant] "


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{% for %}", "failed"),
        ("{{ messages[-1].content }}", "loses questions"),
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", "system"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "answer begins"),
    ],
    ids=["broken", "last only", "no system", "no generation prompt"],
)
def test_a_template_that_loses_something_is_refused_and_changes_nothing(
    adapter: Path, written: str, reason: str
):
    before = files(adapter)
    with pytest.raises(TemplateUnfit, match=reason):
        stored_template.change_template(adapter, written)
    assert files(adapter) == before


def test_a_folder_without_a_template_says_so(tmp_path: Path):
    with pytest.raises(TemplateFault, match="no chat template"):
        stored_template.read(tmp_path)
