"""The Models page: bases, the prompt that their template hides, their adapters."""

from dashboard.text import messages
from pipeline.jsonio import write_json
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm


def lines(page) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def test_an_empty_workspace_says_where_a_model_goes(open_page, home, language: str):
    page = open_page("models", language)
    assert str(home / "models").replace("/", "") in lines(page).replace("/", "").replace("\\", "")


def test_a_model_is_shown_with_its_hidden_prompt_and_runs(open_page, home, language: str):
    run_seed.model(home)
    run_seed.run(home, 1)
    page = open_page("models", language)
    assert any("You are TinyLM, trained by Tiny Labs" in each.value for each in page.html)
    assert str(messages(language)["runs.state_finished"]) in lines(page)


def test_a_model_that_cannot_be_used_says_why(open_page, home):
    folder = run_seed.model(home)
    (folder / "model.safetensors").unlink()
    page = open_page("models")
    assert "safetensors" in lines(page)


def test_a_broken_template_is_told_and_not_raised(open_page, home):
    folder = run_seed.model(home)
    write_json(folder / "tokenizer_config.json", {"chat_template": "{% for %}"})
    page = open_page("models")
    assert_calm(page)
    assert ":red[" in lines(page)
