"""The Runs page: live, ended and failed runs, all from their folders."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.text import messages
from pipeline.train import jobs
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


def look(app: AppTest, run_id: int) -> AppTest:
    app.query_params["run"] = str(run_id)
    return app.run()


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
    page = look(open_page("runs"), 4)
    assert "<script>alert(1)</script> **bold**" in [element.value for element in page.code]


def test_a_config_that_cannot_be_read_is_told_in_words(open_page, with_runs):
    (with_runs / "runs" / "4" / "config.json").write_text("{")
    page = open_page("runs")
    assert_calm(page)
    assert len(page.dataframe[0].value) == len(STATES) - 1
    assert any("config\\.json" in str(element.value) for element in page.caption)


def test_stop_asks_and_then_the_run_saves_and_ends(open_page, home, monkeypatch):
    run_seed.model(home)
    run_seed.export(home)
    request = jobs.LaunchRequest(
        export=home / "exports" / "clinic-3",
        model=home / "models" / "tinylm-1m",
        settings=run_seed.plan(home).settings,
        preset="strong",
        device="cpu",
    )
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
