"""The Launch page: three choices, the checks, and one run however often the button is pressed."""

from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.settings_form import THEMES
from dashboard.text import messages
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.template_models import make

WORKER = "tests.dashboard.fake_trainer"


@pytest.fixture
def ready(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a model and an export; what is launched trains no model."""
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker=WORKER))
    run_seed.model(home)
    run_seed.export(home)
    return home


def lines(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def stop_all(home: Path) -> None:
    workspace = Workspace.at(home)
    for run in jobs.listed(workspace):
        if run.is_active:
            jobs.stop(workspace, run.id)
            jobs.wait(workspace, run.id)


def test_every_setting_has_its_place_and_its_words():
    placed = [name for names in THEMES.values() for name in names]
    assert sorted(placed) == sorted(field.name for field in fields(Settings))


def test_without_an_export_the_page_leads_to_export(open_page, language: str):
    page = open_page("launch", language)
    assert str(messages(language)["launch.no_export"]) in lines(page)


def test_without_a_model_it_asks_for_a_path(open_page, home, language: str):
    run_seed.export(home)
    page = open_page("launch", language)
    assert str(messages(language)["launch.no_model"]) in lines(page)
    assert page.button(key="launch_start").disabled
    page.text_input(key="launch_path").set_value("/nowhere").run()
    assert_calm(page)
    assert page.button(key="launch_start").disabled


def test_a_sound_launch_shows_the_hidden_prompt_and_may_start(open_page, ready, language: str):
    page = open_page("launch", language)
    assert any("You are TinyLM, trained by Tiny Labs" in each.value for each in page.html)
    assert not page.button(key="launch_start").disabled
    assert "1e-3" in lines(page).replace("\\", "")


def test_a_changed_export_stops_the_start_and_is_named(open_page, ready):
    path = ready / "exports" / "clinic-3" / "clinic_format3.json"
    path.write_bytes(path.read_bytes() + b" ")
    page = open_page("launch")
    assert "clinic\\_format3\\.json" in lines(page)
    assert page.button(key="launch_start").disabled


def test_a_preset_sets_every_setting_and_a_change_is_counted(open_page, ready):
    page = open_page("launch")
    page.selectbox(key="launch_preset").select("identity").run()
    assert page.session_state["launch_set_learning_rate"] == 1e-3
    page.number_input(key="launch_set_epochs").set_value(2).run()
    assert page.button(key="launch_reset")
    page.button(key="launch_reset").click().run()
    assert page.session_state["launch_set_epochs"] == 8
    assert_calm(page)


def test_a_setting_out_of_range_stops_the_start_in_words(open_page, ready):
    page = open_page("launch")
    page.number_input(key="launch_set_rank").set_value(0).run()
    assert_calm(page)
    assert page.button(key="launch_start").disabled


def test_a_system_prompt_of_ones_own_must_be_written(open_page, ready):
    page = open_page("launch")
    page.segmented_control(key="launch_system").set_value("text").run()
    assert page.button(key="launch_start").disabled
    page.text_area(key="launch_text").set_value("You are Aria.").run()
    assert not page.button(key="launch_start").disabled


def test_starting_makes_one_run_with_what_was_chosen(open_page, ready):
    page = open_page("launch")
    page.text_input(key="launch_title").set_value("first try").run()
    page.button(key="launch_start").click().run()
    assert_calm(page)
    (run,) = jobs.listed(Workspace.at(ready))
    assert (run.config.title, run.config.preset, run.config.layout) == (
        "first try",
        "strong",
        "format3",
    )
    assert page.query_params["run"] == str(run.id)
    stop_all(ready)


def test_the_same_form_starts_one_run_and_the_next_waits_for_the_device(open_page, ready):
    page = open_page("launch")
    token = page.session_state["launch_token"]
    page.button(key="launch_start").click().run()
    page.session_state["launch_token"] = token
    page.switch_page("app_pages/launch.py").run()
    assert "waits in the queue" in lines(page)
    assert page.checkbox(key="launch_shares")
    page.button(key="launch_start").click().run()
    assert_calm(page)
    assert len(jobs.listed(Workspace.at(ready))) == 1
    page.switch_page("app_pages/launch.py").run()
    page.button(key="launch_start").click().run()
    assert jobs.listed(Workspace.at(ready))[0].state == "queued"
    stop_all(ready)


def test_placeholders_that_were_left_are_told(open_page, home):
    run_seed.model(home)
    folder = run_seed.export(home)
    run_seed.write_json_rows(folder / "identity_format2.json", [{"output": "I am {{name}}."}])
    page = open_page("launch")
    assert "{{name}}" in lines(page).replace("\\", "")


def test_answers_that_would_be_cut_are_counted_before_the_start(open_page, home, language: str):
    make("qwen2.5", home / "models" / "qwen")
    run_seed.export(home)
    page = open_page("launch", language)
    assert "2,048" in lines(page)
    page.number_input(key="launch_set_cutoff_tokens").set_value(32).run()
    assert_calm(page)
    said = next(
        line
        for line in lines(page).replace("\\", "").splitlines()
        if "32" in line and "row 1" in line
    )
    assert "_format" in said
    assert not page.button(key="launch_start").disabled


def test_a_template_that_cannot_be_trained_with_stops_the_start(open_page, home, language: str):
    model = make("qwen2.5", home / "models" / "qwen")
    loses = "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}"
    (model / "chat_template.jinja").write_text(loses)
    run_seed.export(home)
    page = open_page("launch", language)
    page.number_input(key="launch_set_cutoff_tokens").set_value(32).run()
    assert page.button(key="launch_start").disabled
