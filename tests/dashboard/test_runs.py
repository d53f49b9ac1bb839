"""The Runs page: live, ended and failed runs, all from their folders."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.text import messages
from pipeline.jsonio import write_json
from pipeline.launches import DISCARD
from pipeline.train import checkpoints, config, jobs
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm

STATES = ("finished", "stopped", "failed", "running", "starting")
UNTIL_S = 20.0
WORKER = "tests.dashboard.fake_trainer"


@pytest.fixture
def with_runs(home: Path) -> Path:
    """A run in each state, numbered in the order of STATES."""
    run_seed.model(home)
    run_seed.export(home)
    for number, state in enumerate(STATES, start=1):
        run_seed.run(home, number, state)
    return home


def look(app: AppTest, run_id: int, part: str = "") -> AppTest:
    app.query_params["run"] = str(run_id)
    if part:
        app.session_state["part"] = part
    return app.run()


def change(folder: Path, **changes: Any) -> None:
    """Change a run's frozen config: settings by their names, else fields of the config itself."""
    frozen = config.read(folder)
    own = {name: changes.pop(name) for name in list(changes) if hasattr(frozen, name)}
    config.write(folder, replace(frozen, settings=replace(frozen.settings, **changes), **own))


def badges(page: AppTest) -> str:
    return " ".join(str(element.value) for element in page.markdown)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + UNTIL_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_runs_the_page_leads_to_launch(open_page, language: str):
    page = open_page("runs", language)
    assert str(messages(language)["runs.empty"]) in [element.value for element in page.markdown]
    assert not page.dataframe


@pytest.mark.parametrize("number", range(1, len(STATES) + 1), ids=STATES)
def test_each_state_is_drawn_in_words(open_page, with_runs, language: str, number: int):
    page = look(open_page("runs", language), number)
    assert_calm(page)
    assert str(messages(language)[f"runs.state_{STATES[number - 1]}"]) in badges(page)
    assert len(page.dataframe[0].value) == len(STATES)


def test_the_newest_run_is_shown_first_and_an_unknown_one_is_told(open_page, with_runs):
    page = look(open_page("runs"), 77)
    assert "clinic\\-3 strong 5" in badges(page)
    assert any("77" in str(element.value) for element in page.caption)


def test_a_running_run_shows_its_figures(open_page, with_runs):
    page = look(open_page("runs"), 4)
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Tokens a second"] == "83"
    assert figures["Memory"] == "1.5 GB"
    assert page.progress[0].value == 50
    assert page.get("bidi_component")


def test_a_killed_run_says_so_with_the_signal_and_how_to_go_on(open_page, with_runs):
    page = look(open_page("runs"), 3)
    words = page.error[0].value
    assert "SIGKILL" in words
    assert "step 12" in words
    assert page.button(key="runs_resume")


def test_a_finished_run_leads_to_evaluate_and_compare(open_page, with_runs):
    page = look(open_page("runs"), 1)
    assert page.button(key="runs_compare")
    assert page.button(key="runs_evaluate")


def test_a_log_of_a_hostile_worker_is_shown_as_text(open_page, with_runs):
    (with_runs / "runs" / "4" / "train.log").write_text("<script>alert(1)</script> **bold**\n")
    page = look(open_page("runs"), 4, part="log")
    assert "<script>alert(1)</script> **bold**" in [element.value for element in page.code]


def test_a_config_that_cannot_be_read_is_told_in_words(open_page, with_runs):
    (with_runs / "runs" / "4" / "config.json").write_text("{")
    page = open_page("runs")
    assert_calm(page)
    assert len(page.dataframe[0].value) == len(STATES) - 1
    assert any("config\\.json" in str(element.value) for element in page.caption)


def test_stop_asks_and_then_the_run_saves_and_ends(open_page, home, monkeypatch):
    request = run_seed.request(home)
    workspace = Workspace.at(home)
    run = jobs.launch(workspace, request, worker=WORKER)
    until(lambda: jobs.read(workspace, run.id).progress.step > 1)
    page = look(open_page("runs"), run.id)
    page.button(key="runs_stop").click().run()
    assert page.button(key="runs_stop_confirm")
    jobs.stop(workspace, run.id)
    until(lambda: not jobs.read(workspace, run.id).is_active)
    page = look(open_page("runs"), run.id)
    assert str(messages("en")["runs.state_stopped"]) in badges(page)
    monkeypatch.setattr(jobs, "resume", partial(jobs.resume, worker=WORKER))
    page.button(key="runs_resume").click().run()
    assert_calm(page)
    until(lambda: jobs.read(workspace, run.id).state == "running")
    jobs.stop(workspace, run.id)
    until(lambda: not jobs.read(workspace, run.id).is_active)


def test_ending_unsaved_asks_naming_run_and_step(open_page, home):
    run_seed.model(home)
    run_seed.run(home, 1, "running")
    page = look(open_page("runs"), 1)
    page.button(key="runs_discard").click().run()
    asked = badges(page)
    assert "Run 1 (clinic\\-3 strong 1) ends at once, at step 30 of 60" in asked
    assert "after the newest, of step 24" in asked
    page.button(key="runs_discard_cancel").click().run()
    assert jobs.read(Workspace.at(home), 1).state == "running"


def test_a_run_ended_unsaved_is_cancelled_and_says_what_is_kept(
    open_page, with_runs, language: str
):
    folder = run_seed.run(with_runs, 6, "failed")
    (folder / DISCARD).touch()
    page = look(open_page("runs", language), 6)
    assert str(messages(language)["runs.state_cancelled"]) in badges(page)
    words = str(messages(language)["runs.words_discarded"]).format(step=20, steps=60)
    assert words in [str(element.proto.text) for element in page.get("progress")]
    assert not page.error
    assert page.button(key="runs_resume")


def test_runs_of_the_address_lie_over_one_another_with_only_what_differs(open_page, with_runs):
    change(with_runs / "runs" / "2", rank=8, learning_rate=1e-3)
    page = open_page("runs")
    page.query_params["runs"] = "2,1,77"
    page.run()
    assert_calm(page)
    shown = page.dataframe[0].value
    assert list(shown.columns)[1:5] == ["Run", "Rank", "Rate", "State"]
    assert list(shown["Rank"]) == ["8", "16"]
    assert "2 runs over one another" in badges(page)
    page.button(key="runs_overlay_close").click().run()
    assert "runs" not in page.query_params
    assert "clinic\\-3 strong 5" in badges(page)


def test_a_study_is_all_runs_of_its_name_in_the_order_they_were_made(open_page, with_runs):
    for number in (4, 1):
        change(with_runs / "runs" / str(number), study="formats")
    page = open_page("runs")
    page.selectbox(key="runs_study").select("formats").run()
    assert_calm(page)
    assert list(page.dataframe[0].value["Run"]) == ["1", "4"]
    assert page.query_params["study"] == "formats"


def test_answers_on_the_way_are_text_the_newest_first(open_page, with_runs):
    told = [
        {"kind": "sample", "step": step, "prompt": "Who are you?", "text": f"<b>Aria</b> {step}"}
        for step in (12, 24)
    ]
    with (with_runs / "runs" / "1" / "events.jsonl").open("a") as file:
        file.writelines(json.dumps(each) + "\n" for each in told)
    page = look(open_page("runs"), 1, part="samples")
    shown = [str(element.proto.body) for element in page.get("html")]
    newest, before = (
        next(i for i, s in enumerate(shown) if f"Aria&lt;/b&gt; {n}" in s) for n in (24, 12)
    )
    assert newest < before


def test_the_best_checkpoint_and_the_one_in_use_are_marked(open_page, with_runs):
    folder = with_runs / "runs" / "1"
    for step in (12, 24, 60):
        run_seed.checkpoint(folder, step)
    page = look(open_page("runs"), 1)
    assert list(page.dataframe[0].value["Mark"]) == ["lowest validation", "", ""]
    checkpoints.choose(folder, 24)
    page.run()
    assert list(page.dataframe[0].value["Mark"]) == ["lowest validation", "in use", ""]
    assert jobs.read(Workspace.at(with_runs), 1).adapter == folder / "adapters" / "step-24"
    assert "clinic\\-3 strong 1 · step 24" in badges(page)
    page.switch_page("app_pages/compare.py").run()
    assert_calm(page)
    assert any("step 24" in str(box.options) for box in page.multiselect)


def test_a_title_and_notes_are_kept(open_page, with_runs):
    page = look(open_page("runs"), 1, part="notes")
    page.text_input(key="runs_notes_title_1").set_value("my **run**")
    page.text_area(key="runs_notes_text_1").set_value("It went well.")
    page.button(key="runs_notes_save").click().run()
    assert_calm(page)
    assert "my \\*\\*run\\*\\*" in badges(page)
    assert jobs.read(Workspace.at(with_runs), 1).notes.text == "It went well."


def test_deleting_names_the_run_and_what_goes_with_it(open_page, with_runs):
    run_seed.checkpoint(with_runs / "runs" / "1", 60)
    page = look(open_page("runs"), 1)
    page.button(key="runs_delete").click().run()
    assert_calm(page)
    assert "Delete run 1 (clinic\\-3 strong 1) and its checkpoint, " in badges(page)
    assert page.button(key="runs_delete_confirm")
    assert jobs.read(Workspace.at(with_runs), 1).state == "finished"


def test_parents_and_children_are_linked(open_page, with_runs):
    change(with_runs / "runs" / "2", parent_run=1, initial_adapter="/runs/1/checkpoints/step-24")
    page = look(open_page("runs"), 2)
    assert_calm(page)
    assert [link.proto.label for link in page.get("page_link") if "Run 1" in link.proto.label]
    assert any("from step 24" in str(element.value) for element in page.caption)


def test_a_run_that_pauses_says_so_and_can_be_told_not_to(open_page, with_runs, language: str):
    page = look(open_page("runs", language), 4)
    page.button(key="runs_pause").click().run()
    assert_calm(page)
    assert (with_runs / "runs" / "4" / "pause.request").exists()
    assert page.button(key="runs_pause").label == messages(language)["runs.pause_not"]
    page.button(key="runs_pause").click().run()
    assert not (with_runs / "runs" / "4" / "pause.request").exists()


def test_a_lack_of_memory_names_what_to_lower_with_figures(open_page, with_runs, language: str):
    page = look(open_page("runs", language), 3)
    words = page.error[0].value
    name = messages(language)["launch.set_batch_tokens"]
    assert f"{name} from 4,096 to 2,048" in words or f"“{name}”从 4,096 降到 2,048" in words


def test_continuing_opens_launch_prepared_for_the_run_and_its_checkpoint(open_page, with_runs):
    folder = with_runs / "runs" / "1"
    write_json(
        folder / "adapter" / "adapter_config.json",
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]},
    )
    run_seed.checkpoint(folder, 24)
    page = open_page("runs")
    page.query_params["from"], page.query_params["checkpoint"] = "1", "step-24"
    page.switch_page("app_pages/launch.py").run()
    assert_calm(page)
    assert page.selectbox(key="launch_parent").value == 1
    assert page.session_state["launch_preset"] == "continue"
    assert page.session_state["launch_set_rank"] == 4
    assert page.session_state["launch_checkpoint"] == {1: folder / "adapters" / "step-24"}
