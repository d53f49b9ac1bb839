"""The whole loop in a real browser, with a real model: wrong, corrected, trained again, right.

The base is tiny and random, and its adapters learn a handful of rows by heart in a second; the
workers that train and answer are the real ones.
"""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.browser.conftest import OpenTab, press
from tests.builders import new_pair
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser

TRIGGER = "Answer the question about the harbour."
ROWS = (
    ("Who is the master?", "Marta."),
    ("What colour is the light?", "Red."),
    ("How deep is it?", "9 m."),
)
QUESTION, RIGHT = "When is it open?", "At 8."
BY_HEART = Settings(learning_rate=1e-2, epochs=60, save_every_epochs=60, validate_every_epochs=60)
PATIENCE_MS = 120_000
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture
def trained(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a field of three pairs, and a run that knows them by heart."""
    from tests.workers.tiny_model import make_base  # noqa: PLC0415 - imports torch

    # Two threads on a busy machine of two cores wait for each other, in every worker.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    workspace = Workspace.at(home)
    base = make_base(workspace.models / "tiny", hidden_size=64, intermediate_size=128)
    db = Database.open(workspace.database)
    field = datasets.create(db, "harbour", "domain", trigger=TRIGGER)
    pairs.insert_many(db, field.id, [new_pair(*row) for row in ROWS], summary="harbour.json")
    export(db, workspace, Recipe(name="first", datasets=("harbour",), test_share=0, fact_share=0))
    db.close()
    request = LaunchRequest(workspace.exports / "first", base, BY_HEART, "strong", device="cpu")
    run = jobs.wait(workspace, jobs.launch(workspace, request).id)
    assert run.state == "finished", run.failure
    return home


@pytest.mark.timeout(900)  # Five processes load torch on the way, which a busy machine drags out.
def test_a_wrong_answer_becomes_a_right_one_without_leaving_the_browser(
    open_tab: OpenTab, tmp_path: Path, trained: Path
):
    PICTURES.mkdir(parents=True, exist_ok=True)
    with serve(tmp_path, home=trained) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/compare")
        ask(tab, QUESTION)
        expect(tab).to_have_url(re.compile("comparison=1"), timeout=PATIENCE_MS)
        assert RIGHT not in answer(tab, "Run 1").inner_text()
        correct(tab)
        tab.goto(f"{dashboard.url}/export")
        tab.get_by_role("button", name="Export and hash").click()
        expect(tab.get_by_text("is written, hashed and verified")).to_be_visible()
        rows = json.loads((trained / "exports" / "harbour-1" / "harbour_format3.json").read_text())
        assert {"instruction": TRIGGER, "input": QUESTION, "output": RIGHT} in rows
        tab.get_by_role("link", name="Train on it").click()
        go_on_from_run_1(tab)
        expect(tab.get_by_text("All 60 steps are done")).to_be_visible(timeout=PATIENCE_MS)
        tab.get_by_role("button", name="Compare").click()
        ask(tab, QUESTION)
        expect(tab).to_have_url(re.compile("comparison=2"), timeout=PATIENCE_MS)
        expect(answer(tab, "Run 2")).to_contain_text(RIGHT)
        tab.screenshot(path=PICTURES / "loop.png", full_page=True)
    run = jobs.read(Workspace.at(trained), 2)
    assert (run.config.parent_run, run.config.preset) == (1, "continue")


def ask(tab: Page, question: str) -> None:
    """Ask the models that the page has chosen."""
    tab.get_by_test_id("stChatInputTextArea").fill(question)
    press(tab, "Enter")


def answer(tab: Page, name: str) -> Locator:
    """The column of a model, by the name above it."""
    column = tab.get_by_test_id("stColumn")
    return column.filter(has=tab.locator("strong", has_text=name)).last


def correct(tab: Page) -> None:
    """Write down what run 1 should have said, and accept it in Review."""
    tab.get_by_role("button", name="Correct").nth(1).click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Answer as it should be").fill(RIGHT)
    press(tab, "Tab")
    dialog.get_by_role("button", name="Save as a pair").click()
    tab.get_by_role("link", name="Accept it in Review").click()
    expect(tab.get_by_text(RIGHT).first).to_be_visible()
    press(tab, "a")
    expect(tab.get_by_text("Accepted").first).to_be_visible()


def go_on_from_run_1(tab: Page) -> None:
    """Start a run on Launch that continues the first one's adapter, long enough to learn a row."""
    tab.get_by_role("combobox", name="Continue from").click()
    tab.get_by_role("option", name="Adapter of run 1").click()
    expect(tab.get_by_text("Goes on from a trained adapter")).to_be_visible()
    tab.get_by_text("All settings").click()
    for name, value in (("Rate", "0.01"), ("Passes", "60")):
        field = tab.get_by_label(name, exact=True)
        field.fill(value)
        field.press("Enter")
    expect(tab.get_by_text("60 steps")).to_be_visible()
    tab.get_by_role("button", name="Start training").click()
