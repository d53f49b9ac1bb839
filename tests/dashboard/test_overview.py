"""The Overview: the loop, the next step, what was done, and the run that is training."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.text import messages
from pipeline.train import jobs
from pipeline.workspace import Workspace
from store import pairs
from tests.dashboard import evaluation_seed, run_seed
from tests.dashboard.conftest import assert_calm

FAKE_TRAINER = "tests.dashboard.fake_trainer"


@pytest.fixture
def training(home: Path) -> Iterator[int]:
    """A run that is training; its number."""
    request = run_seed.request(home)
    workspace = Workspace.at(home)
    run = jobs.launch(workspace, request, worker=FAKE_TRAINER)
    yield run.id
    jobs.stop(workspace, run.id)
    jobs.wait(workspace, run.id)


def test_an_empty_workspace_begins_with_the_import(open_page, language: str):
    page = open_page("overview", language)
    assert page.button(key="overview_next").label == messages(language)["loop.next_import"]
    assert messages(language)["overview.recent_none"] in [c.value for c in page.caption]


def test_the_next_step_leads_to_its_page(open_page, filled):
    page = open_page("overview")
    page.button(key="overview_next").click().run()
    assert_calm(page)
    assert page.title[0].value == "Duplicates"


def test_the_last_action_can_be_undone(open_page, filled, language: str):
    pairs.set_status(filled, [1], "accepted")
    page = open_page("overview", language)
    page.button(key="overview_undo").click().run()
    assert_calm(page)
    assert pairs.get(filled, 1).status == "unreviewed"


def test_a_run_that_trains_is_shown_and_counted(open_page, training: int, language: str):
    page = open_page("overview", language)
    assert page.container(key=f"overview_run_{training}").markdown
    in_progress = messages(language)["loop.train_running"]
    forms = in_progress.values() if isinstance(in_progress, dict) else [in_progress]
    said = [caption.value for caption in page.caption]
    assert any(form.format(count=1) in words for form in forms for words in said)


def test_the_latest_verdict_stands_there_in_figures(open_page, home: Path, language: str):
    evaluation_seed.evaluation(home, 1)
    page = open_page("overview", language)
    assert_calm(page)
    said = " ".join(each.value for each in page.markdown)
    assert ":primary[75" in said
