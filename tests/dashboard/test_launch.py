"""The Launch page: three choices, the checks, and one run however often the button is pressed."""

import json
import shutil
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.settings_form import THEMES
from dashboard.text import literal, messages
from pipeline import disk
from pipeline.jsonio import read_json, write_json
from pipeline.launches import write_launch
from pipeline.train import config, devices, jobs
from pipeline.train.config import Settings
from pipeline.train.devices import Device
from pipeline.train.presets import preset
from pipeline.train.request import LaunchRequest, freeze
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


def open_section(page: AppTest, key: str) -> None:
    page.session_state[key] = True
    page.run()
    assert_calm(page)


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
    place = {"en": "row 1", "zh": "第 1 行"}[language]
    said = next(
        line
        for line in lines(page).replace("\\", "").splitlines()
        if "32" in line and place in line
    )
    assert "_format" in said
    assert page.button(key="launch_start").disabled
    page.checkbox(key="launch_anyway_cut_end").check().run()
    assert not page.button(key="launch_start").disabled


def test_a_template_that_cannot_be_trained_with_stops_the_start(open_page, home, language: str):
    model = make("qwen2.5", home / "models" / "qwen")
    loses = "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}"
    (model / "chat_template.jinja").write_text(loses)
    run_seed.export(home)
    page = open_page("launch", language)
    page.number_input(key="launch_set_cutoff_tokens").set_value(32).run()
    assert page.button(key="launch_start").disabled


def test_rows_are_shown_token_by_token_as_they_will_be_learned(open_page, home, language: str):
    make("qwen2.5", home / "models" / "qwen")
    run_seed.export(home)
    page = open_page("launch", language)
    open_section(page, "launch_rows")
    assert page.selectbox(key="launch_row").options[0] == "identity_format2.json 1"
    assert any("Who" in each.value and "im_end" in each.value for each in page.html)


def test_the_config_and_its_command_are_shown_as_they_will_be_frozen(open_page, ready):
    page = open_page("launch")
    page.number_input(key="launch_set_rank").set_value(4).run()
    open_section(page, "launch_command")
    written = [code.value for code in page.code]
    assert any("train" in each and "--set rank=4" in each for each in written)
    (shown,) = [json.loads(each) for each in written if each.startswith("{")]
    assert shown["settings"]["rank"] == 4
    assert [file["name"] for file in shown["data"]] == [
        "identity_format2.json",
        "clinic_format3.json",
    ]


def test_memory_is_reckoned_beside_what_is_free(open_page, home, language: str):
    model = make("qwen2.5", home / "models" / "qwen")
    run_seed.weights(model)
    run_seed.export(home)
    page = open_page("launch", language)
    weights = str(messages(language)["launch.memory_weights"])
    assert any(weights in each.value for each in page.html)


def test_a_study_says_how_many_runs_it_is_before_it_starts_them(open_page, ready, language: str):
    page = open_page("launch", language)
    page.toggle(key="study_open").set_value(True).run()
    assert page.button(key="launch_start").disabled
    page.multiselect(key="study_layout").set_value(["format2", "format3"]).run()
    page.multiselect(key="study_learning_rate").set_value(["1e-4", "3e-4"]).run()
    assert_calm(page)
    assert "4" in page.button(key="launch_start").label
    assert not page.button(key="launch_start").disabled


def test_the_runs_of_a_study_carry_its_name(open_page, ready):
    page = open_page("launch")
    page.toggle(key="study_open").set_value(True).run()
    page.text_input(key="study_name").set_value("layouts").run()
    page.multiselect(key="study_layout").set_value(["format2", "format3"]).run()
    page.button(key="launch_start").click().run()
    assert_calm(page)
    assert page.query_params["study"] == "layouts"
    made = jobs.listed(Workspace.at(ready))
    assert {(run.config.study, run.config.layout) for run in made} == {
        ("layouts", "format2"),
        ("layouts", "format3"),
    }
    stop_all(ready)


def test_an_adapter_is_continued_in_its_own_shape(open_page, ready):
    run_seed.run(ready, 4)
    write_json(
        ready / "runs" / "4" / "adapter" / "adapter_config.json",
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]},
    )
    page = open_page("launch")
    page.selectbox(key="launch_parent").select_index(1).run()
    assert_calm(page)
    assert page.session_state["launch_set_rank"] == 4
    assert page.session_state["launch_preset"] == "continue"
    page.button(key="launch_start").click().run()
    newest = jobs.listed(Workspace.at(ready))[0]
    assert (newest.config.parent_run, newest.config.settings.alpha) == (4, 8)
    stop_all(ready)


def test_a_folder_that_is_an_adapter_is_told_with_its_base(open_page, home, tmp_path):
    run_seed.export(home)
    write_json(tmp_path / "adapter_config.json", {"base_model_name_or_path": "qwen-base"})
    page = open_page("launch")
    page.text_input(key="launch_path").set_value(str(tmp_path)).run()
    assert_calm(page)
    said = "\n".join(str(each.value) for each in page.caption).replace("\\", "")
    assert "LoRA adapter, trained on the base qwen-base" in said
    assert page.button(key="launch_start").disabled


def test_code_of_a_model_has_to_be_allowed_before_it_runs(open_page, ready):
    config = ready / "models" / "tinylm-1m" / "config.json"
    write_json(config, {**read_json(config), "auto_map": {"AutoModel": "own.Model"}})
    page = open_page("launch")
    assert page.button(key="launch_start").disabled
    page.checkbox(key="launch_trust").check().run()
    assert not page.button(key="launch_start").disabled


def test_a_step_that_was_tried_stands_above_what_was_reckoned(open_page, home, language: str):
    model = make("qwen2.5", home / "models" / "qwen")
    run_seed.weights(model)
    request = LaunchRequest(
        export=run_seed.export(home), model=model, settings=preset("strong").settings,
        preset="strong", device="cpu",
    )  # fmt: skip
    page = open_page("launch", language)
    assert page.button(key="launch_try")
    folder = Workspace.at(home).trials / "1"
    folder.mkdir()
    config.write(folder, freeze(request, "cpu"))
    write_launch(folder, run_seed.launch(is_alive=False))
    measured = {"rows": 8, "length": 50, "peak_memory_bytes": 3 << 20, "tokens": 100, "seconds": 50}
    write_json(folder / "result.json", measured)
    end = json.dumps({"time": run_seed.BEGAN, "kind": "end", "state": "finished"})
    (folder / "events.jsonl").write_text(f"{end}\n")
    page.run()
    assert_calm(page)
    assert "3.0 MB" in lines(page).replace("\\", "")
    assert str(messages(language)["launch.memory_measured"]) in lines(page)
    with pytest.raises(KeyError):
        page.button(key="launch_try")


def gone(home: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what was chosen, after the page was drawn."""
    match name:
        case "ExportGone":
            shutil.rmtree(home / "exports" / "clinic-3")
        case "ModelGone":
            shutil.rmtree(home / "models" / "tinylm-1m")
        case "NoSpaceLeft":
            monkeypatch.setattr(disk, "has_room", lambda _: False)
        case "DeviceMissing":
            monkeypatch.setattr(devices, "_cpu", lambda: Device("cuda:0", "H100", 8, 8, "GPU-a"))


@pytest.mark.parametrize("name", ["ExportGone", "ModelGone", "NoSpaceLeft", "DeviceMissing"])
def test_what_vanished_before_the_start_is_told_in_words_and_nothing_starts(
    open_page, ready, monkeypatch, language: str, name: str
):
    page = open_page("launch", language)
    gone(ready, name, monkeypatch)
    page.button(key="launch_start").click().run()
    assert_calm(page)
    values = {
        "folder": "clinic-3" if name == "ExportGone" else "tinylm-1m",
        "device": "cpu",
        "known": "cuda:0",
    }
    words = str(messages(language)[f"error.{name}"]).format(**values)
    assert literal(words) in [str(error.value) for error in page.error]
    assert list((ready / "runs").iterdir()) == []
