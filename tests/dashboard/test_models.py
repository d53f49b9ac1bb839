"""The Models page: bases and the prompt they hide, adapters, merging, handing over."""

from pathlib import Path

import pytest

from dashboard.text import messages
from pipeline.jsonio import write_json
from pipeline.models import stored_template
from tests.dashboard import merge_seed, run_seed
from tests.dashboard.conftest import assert_calm


def lines(page) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def told(page) -> str:
    """Everything that is read on the page."""
    parts = (page.markdown, page.caption, page.code, page.error, page.html, page.subheader)
    return "\n".join(str(element.value) for each in parts for element in each)


def open_node(open_page, key: str, language: str = "en"):
    page = open_page("models", language)
    page.button(key=f"models_node_{key}").click().run()
    assert_calm(page)
    return page


def merged_name(page) -> str:
    """The name that the dialog suggests."""
    (name,) = (
        each.value for each in page.text_input if str(each.key).startswith("models_merge_name")
    )
    return str(name)


@pytest.fixture
def tree(home: Path) -> Path:
    """A base with a run that was merged."""
    run_seed.model(home)
    merge_seed.adapter(home)
    merge_seed.merged(home)
    return home


def test_an_empty_workspace_says_where_a_model_goes(open_page, home, language: str):
    page = open_page("models", language)
    assert str(home / "models").replace("/", "") in lines(page).replace("/", "").replace("\\", "")


def test_a_model_is_shown_with_its_hidden_prompt_and_whom_it_names(open_page, home, language: str):
    run_seed.model(home)
    page = open_page("models", language)
    assert any("You are TinyLM, trained by Tiny Labs" in each.value for each in page.html)
    claims = str(messages(language)["models.system_claims"]).split("{")[0]
    assert f"{claims}Tiny Labs, TinyLM" in lines(page)


def test_the_tree_holds_base_adapter_and_merged_one_below_the_other(open_page, tree, language):
    page = open_page("models", language)
    keys = [b.key for b in page.button if str(b.key).startswith("models_node_")]
    assert keys == [f"models_node_{key}" for key in ("base:tinylm-1m", "run:1", "merged:lumen-1")]


def test_an_adapter_shows_its_prompt_and_the_command_that_serves_it(open_page, tree, language):
    page = open_node(open_page, "run:1", language)
    assert str(messages(language)["models.prompt_none"]) in lines(page)
    assert any("--max-lora-rank 16" in each.value for each in page.code)


def test_a_merged_model_shows_the_proof(open_page, tree, language: str):
    page = open_node(open_page, "merged:lumen-1", language)
    assert [metric.value for metric in page.metric[1:]] == ["0.00012", "14.5"]
    assert str(messages(language)["models.merged_holds"]) in lines(page)
    assert any("FROM ." in each.value for each in page.code)


def test_another_prompt_is_stored_with_the_adapter_and_put_back(open_page, tree):
    adapter = tree / "runs" / "1" / "adapter"
    page = open_node(open_page, "run:1")
    page.radio(key="models_edit_run:1_policy").set_value("text").run()
    page.text_area(key="models_edit_run:1_text").set_value("You are **Lumen**.").run()
    page.button(key="models_edit_run:1_store").click().run()
    assert_calm(page)
    assert stored_template.read(adapter).system_prompt == "You are **Lumen**."
    page.button(key="models_edit_run:1_back").click().run()
    assert not stored_template.read(adapter).is_changed


def test_the_card_and_the_modelfile_are_written_into_the_folder(open_page, tree):
    page = open_node(open_page, "merged:lumen-1")
    page.button(key="models_hand_merged:lumen-1_card").click().run()
    page.button(key="models_hand_merged:lumen-1_modelfile").click().run()
    assert_calm(page)
    folder = tree / "models" / "lumen-1"
    assert {"README.md", "Modelfile"} <= {path.name for path in folder.iterdir()}


def test_a_gguf_file_that_failed_says_why_until_it_is_dismissed(open_page, tree):
    merge_seed.failed_gguf(tree)
    page = open_node(open_page, "merged:lumen-1")
    assert "not supported" in told(page)
    page.button(key="models_job_dismiss_1").click().run()
    assert "not supported" not in told(page)


def test_a_gguf_file_is_shown_and_taken_by_the_modelfile(open_page, tree):
    (tree / "models" / "lumen-1" / "lumen-1-f16.gguf").write_bytes(b"GGUF")
    page = open_node(open_page, "merged:lumen-1")
    assert any("FROM ./lumen-1-f16.gguf" in each.value for each in page.code)


def test_a_refused_merge_says_why_until_it_is_dismissed(open_page, tree, language: str):
    merge_seed.merge(tree, 1, "refused")
    page = open_node(open_page, "run:1", language)
    assert str(messages(language)["models.merge_refused"]) in told(page)
    assert "Its logits differ" in told(page)
    page.button(key="models_dismiss_1").click().run()
    assert str(messages(language)["models.merge_refused"]) not in told(page)


def test_the_merge_of_another_run_gets_its_own_name(open_page, tree):
    merge_seed.adapter(tree, 2)
    page = open_node(open_page, "run:2")
    page.button(key="models_merge").click().run()
    assert merged_name(page) == "tinylm-1m-run-2"
    page.selectbox(key="models_merge_run").set_value(1)
    page.button(key="models_merge").click().run()
    assert_calm(page)
    assert merged_name(page) == "tinylm-1m-run-1"


def test_a_merge_under_way_can_be_stopped(open_page, tree):
    folder = merge_seed.merge(tree, 1, "running")
    page = open_node(open_page, "run:1")
    page.button(key="models_stop_1").click().run()
    assert (folder / "stop.request").exists()


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


def test_a_run_without_an_adapter_says_so(open_page, home, language: str):
    run_seed.model(home)
    run_seed.run(home, 1, "running")
    page = open_node(open_page, "run:1", language)
    assert str(messages(language)["models.no_adapter"]) in told(page)
