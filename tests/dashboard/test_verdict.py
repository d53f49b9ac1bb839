"""The Verdict page: three sentences, the table, the rows, and an evaluation on its way."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.text import messages
from dashboard.verdict import evaluating
from pipeline.evaluate import jobs
from pipeline.train import checkpoints
from pipeline.train import config as train_config
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.dashboard.evaluation_seed import evaluation, of_checkpoints
from tests.dashboard.seed import HOSTILE

WORKER = "tests.pipeline.evaluate.fake_worker"


@pytest.fixture
def trained(home: Path) -> Path:
    """A workspace with a finished run and nothing evaluated yet."""
    run_seed.model(home)
    run_seed.export(home)
    run_seed.run(home, 1)
    return home


@pytest.fixture
def evaluated(trained: Path) -> Path:
    """The same with a finished evaluation."""
    evaluation(trained, 1)
    return trained


def lines(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in page.markdown)


def words(language: str, key: str) -> str:
    return str(messages("zh" if language == "zh" else "en")[key])


def test_without_an_adapter_the_page_leads_to_launch(open_page, language: str):
    assert words(language, "verdict.no_runs") in lines(open_page("verdict", language))


def test_with_an_adapter_and_no_evaluation_the_form_is_there(open_page, trained, language: str):
    page = open_page("verdict", language)
    assert words(language, "verdict.empty") in lines(page)
    assert page.multiselect(key="verdict_runs").value == ["1"]
    assert page.selectbox(key="verdict_export").value == "clinic-3"


def test_the_three_sentences_hold_the_figures(open_page, evaluated):
    page = open_page("verdict")
    told = lines(page)
    assert ":primary[75 %]" in told
    assert "**3 of 4**" in told
    assert "English 2 of 2 · Chinese 1 of 2" in told
    assert "**6 of 8**" in told
    assert "2.05" in told


def test_the_page_is_calm_in_each_language(open_page, evaluated, language: str):
    page = open_page("verdict", language)
    table = page.dataframe[0].value
    assert words(language, "verdict.base") in table.columns
    assert len(table) == 18


def test_rows_are_filtered_by_what_became_of_them(open_page, evaluated):
    page = open_page("verdict")
    assert "17 rows" in [element.value for element in page.caption]
    page.get_by_key("verdict_outcomes").set_value(["lost"]).run()
    assert_calm(page)
    assert "1 row" in [element.value for element in page.caption]
    page.text_input(key="verdict_text").set_value("no such words").run()
    assert "No row is like that." in [element.value for element in page.caption]


def rows_shown(page: AppTest) -> list[str]:
    """Which rows of which files the page shows."""
    told = (element.value.replace("\\", "") for element in page.caption)
    return [words for words in told if ".json, row " in words]


def test_a_page_further_on_is_left_when_the_filter_leaves_fewer_rows(open_page, evaluated):
    page = open_page("verdict")
    page.session_state["verdict_page"] = 3
    page.run()
    assert rows_shown(page) == ["general_test.json, row 2"]
    page.get_by_key("verdict_outcomes").set_value(["lost"]).run()
    assert_calm(page)
    assert page.session_state["verdict_page"] == 1
    assert rows_shown(page) == ["clinic_test.json, row 1"]


def test_hostile_texts_are_shown_letter_by_letter(open_page, evaluated):
    page = open_page("verdict")
    page.text_input(key="verdict_text").set_value("alert(1)").run()
    shown = "\n".join(element.value for element in page.html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert HOSTILE not in lines(page)


def test_a_failed_evaluation_says_why_and_can_go_on(open_page, trained, language: str):
    evaluation(trained, 1, "failed")
    page = open_page("verdict", language)
    assert words(language, "verdict.error_lost") in page.error[0].value
    assert page.button(key="verdict_resume")
    assert words(language, "verdict.not_yet") in lines(page)


def test_a_running_evaluation_shows_how_far_it_is(open_page, trained, language: str):
    evaluation(trained, 1, "running")
    page = open_page("verdict", language)
    assert page.progress[0].value == 50
    assert page.button(key="verdict_stop")


def test_starting_needs_an_adapter_and_then_shows_the_evaluation(open_page, trained, monkeypatch):
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker=WORKER))
    page = open_page("verdict")
    page.multiselect(key="verdict_runs").set_value([]).run()
    page.button(key="verdict_start").click().run()
    assert_calm(page)
    assert page.error
    page.multiselect(key="verdict_runs").set_value(["1"]).run()
    page.button(key="verdict_start").click().run()
    assert_calm(page)
    workspace = Workspace.at(trained)
    (started,) = jobs.listed(workspace)
    assert page.query_params["evaluation"] == str(started.id)
    jobs.wait(workspace, started.id)


def test_a_second_click_before_the_page_is_drawn_starts_nothing_more(
    open_page, trained, monkeypatch
):
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker=WORKER))
    page = open_page("verdict")
    with monkeypatch.context() as undrawn:
        undrawn.setattr(evaluating, "settle", lambda: None)
        page.button(key="verdict_start").click().run()
        page.button(key="verdict_start").click().run()
    workspace = Workspace.at(trained)
    (started,) = jobs.listed(workspace)
    jobs.wait(workspace, started.id)
    page.run()
    page.button(key="verdict_start").click().run()
    assert_calm(page)
    again, _ = jobs.listed(workspace)
    assert page.query_params["evaluation"] == str(again.id)
    jobs.wait(workspace, again.id)


@pytest.fixture
def staged(trained: Path) -> Path:
    """A workspace with an evaluation of a run and two of its checkpoints."""
    of_checkpoints(trained, 1)
    return trained


def test_the_checkpoint_that_learned_as_much_and_kept_more_is_recommended(
    open_page, staged, language: str
):
    page = open_page("verdict", language)
    assert_calm(page)
    told = lines(page)
    assert words(language, "verdict.recommended_name").split("{")[0] in told
    assert "40" in told
    assert page.selectbox(key="verdict_model_1@20_1@40_1").value == "1@40"
    assert len(page.dataframe) == 2


def test_a_checkpoint_is_used_by_a_click(open_page, staged):
    page = open_page("verdict")
    page.button(key="verdict_use").click().run()
    assert_calm(page)
    assert checkpoints.chosen_step(staged / "runs" / "1") == 40
    assert "In use" in lines(page)


def asked_at(home: Path, step: int | None) -> Path:
    """The folder of run 1, evaluated while it stood for a checkpoint or what it ended with."""
    run = home / "runs" / "1"
    run_seed.checkpoint(run, 20)
    checkpoints.choose(run, step)
    evaluation(home, 1)
    return run


@pytest.mark.parametrize(("asked", "now"), [(None, 20), (20, None)], ids=["ended", "checkpoint"])
def test_a_run_that_stands_for_other_weights_than_were_asked_is_not_in_use(
    open_page, trained, language: str, asked: int | None, now: int | None
):
    run = asked_at(trained, asked)
    assert words(language, "verdict.used") in lines(open_page("verdict", language))
    checkpoints.choose(run, now)
    page = open_page("verdict", language)
    assert words(language, "verdict.used") not in lines(page)
    page.button(key="verdict_use").click().run()
    assert_calm(page)
    assert checkpoints.chosen_step(run) == asked
    assert words(language, "verdict.used") in lines(page)


def test_runs_stand_beside_each_other_with_what_they_differ_in(open_page, evaluated):
    run_seed.run(evaluated, 2)
    folder = evaluated / "runs" / "2"
    plan = train_config.read(folder)
    train_config.write(folder, replace(plan, settings=replace(plan.settings, rank=4)))
    evaluation(evaluated, 2, run=2)
    page = open_page("verdict")
    assert_calm(page)
    table = page.dataframe[-1].value
    assert list(table["Run"]) == ["Run 2 clinic-3 strong 2", "Run 1 clinic-3 strong 1"]
    assert sorted(map(str, table[words("en", "launch.set_rank")])) == ["16", "4"]
