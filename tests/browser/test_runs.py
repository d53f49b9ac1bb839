"""The Runs page in a real browser: a live view that can be read, and what is done with runs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipeline.train import checkpoints, jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import QUICKEST_MS, OpenTab
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser
FAKE_TRAINER = "tests.dashboard.fake_trainer"
ROW_HEIGHT = 35


@pytest.fixture
def training(home: Path) -> int:
    """A run that is training; its number."""
    request = run_seed.request(home)
    return jobs.launch(Workspace.at(home), request, worker=FAKE_TRAINER).id


def step(tab: Page) -> int:
    """The step that the page says the run is at."""
    words = tab.get_by_text(re.compile(r"^Step \d+ of \d+")).inner_text()
    return int(words.split()[1])


def goes_on(tab: Page, steps: int) -> None:
    """Wait until the page has shown so many more steps, without anything being clicked."""
    start = step(tab)
    while step(tab) < start + steps:
        tab.wait_for_timeout(200)


def read_off(tab: Page) -> tuple[object, ...]:
    """What the pointer reads off the chart, how far it is zoomed, and where it is."""
    chart = tab.locator(".curves")
    values = chart.locator(".wide .key b").all_inner_texts()
    zoom, place = chart.get_attribute("data-zoom"), chart.get_attribute("data-place")
    return zoom, place, values[:2], str(chart.bounding_box())


def test_zoom_and_the_values_under_the_pointer_survive_new_points(
    open_tab: OpenTab, tmp_path: Path, home: Path, training: int
):
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs?run={training}")
        goes_on(tab, 60)
        plot = tab.locator(".curves .wide .u-over").bounding_box()
        assert plot is not None
        middle = plot["y"] + plot["height"] / 2
        tab.mouse.move(plot["x"] + 4, middle)
        tab.mouse.down()
        tab.mouse.move(plot["x"] + 80, middle, steps=5)
        tab.mouse.up()
        tab.mouse.move(plot["x"] + 200, middle)
        before = read_off(tab)
        assert before[0]
        assert before[1]
        goes_on(tab, 40)
        assert read_off(tab) == before
        tab.mouse.dblclick(plot["x"] + 200, middle)
        expect(tab.locator(".curves")).to_have_attribute("data-zoom", "")


@pytest.fixture
def ended(home: Path) -> None:
    """Three ended runs, the first with two checkpoints."""
    run_seed.model(home)
    run_seed.export(home)
    for number in (1, 2, 3):
        run_seed.run(home, number)
    for step_ in (24, 48):
        run_seed.checkpoint(home / "runs" / "1", step_)


def mark(tab: Page, table: str, *rows: int) -> None:
    """Mark rows of a table, from 1; its cells are drawn, so the mouse has to find them."""
    expect(tab.locator("[data-test-script-state=notRunning]")).to_be_attached()
    grid = tab.locator(f".st-key-{table} canvas").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    for row in rows:
        tab.wait_for_timeout(QUICKEST_MS)
        expect(tab.locator("[data-test-script-state=notRunning]")).to_be_attached()
        tab.mouse.click(box["x"] + 15, box["y"] + ROW_HEIGHT * (row + 0.5))


def test_marked_runs_lie_over_one_another_and_a_reload_keeps_them(
    open_tab: OpenTab, tmp_path: Path, home: Path, ended: None
):
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs")
        mark(tab, "runs_table", 1, 3)
        tab.get_by_role("button", name="Lay 2 runs over one another").click()
        expect(tab).to_have_url(re.compile("runs=3%2C1"))
        keys = tab.locator(".curves .wide .key .name")
        expect(keys).to_have_text(["Run 3", "Run 1", "Run 3", "Run 1"])
        tab.get_by_text("By time").click()
        expect(tab).to_have_url(re.compile("axis=time"))
        tab.reload()
        expect(keys).to_have_text(["Run 3", "Run 1", "Run 3", "Run 1"])
        expect(tab).to_have_url(re.compile("axis=time"))
        tab.get_by_role("button", name="Back to one run").click()
        expect(tab.locator(".curves .wide .key .name").first).to_have_text("each step")


def test_a_marked_checkpoint_is_used_and_a_confirmed_run_is_deleted(
    open_tab: OpenTab, tmp_path: Path, home: Path, ended: None
):
    workspace = Workspace.at(home)
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs?run=1")
        mark(tab, "runs_checkpoints_1", 2)
        tab.get_by_role("button", name="Use this").click()
        expect(tab.get_by_text("Run 1 now stands for step 24.")).to_be_visible()
        assert jobs.read(workspace, 1).adapter == home / "runs" / "1" / "adapters" / "step-24"
        tab.get_by_role("button", name="More").click()
        tab.get_by_role("button", name="Delete this run").click()
        asked = tab.get_by_test_id("stDialog")
        expect(asked.get_by_text("Delete run 1 (clinic-3 strong 1) and its 2")).to_be_visible()
        asked.get_by_role("button", name="Delete this run").click()
        expect(tab.get_by_text("Run 1 is deleted.")).to_be_visible()
        assert [run.id for run in jobs.listed(workspace)] == [3, 2]


def test_a_stopped_run_is_resumed_from_a_marked_checkpoint(
    open_tab: OpenTab, tmp_path: Path, home: Path, ended: None
):
    folder = run_seed.run(home, 4, "stopped")
    for step_ in (12, 24):
        run_seed.checkpoint(folder, step_)
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs?run=4")
        mark(tab, "runs_checkpoints_4", 2)
        tab.get_by_role("button", name="Resume from here").click()
        asked = tab.get_by_test_id("stDialog")
        expect(asked.get_by_text("Run 4 goes on from step 12. The one checkpoint")).to_be_visible()
        asked.get_by_role("button", name="Resume").click()
        expect(asked).to_have_count(0)
        assert jobs.read(Workspace.at(home), 4).state != "stopped"
        assert [each.step for each in checkpoints.listed(folder)] == [12]


def test_a_run_is_ended_without_saving_once_that_is_confirmed(
    open_tab: OpenTab, tmp_path: Path, home: Path, training: int
):
    workspace = Workspace.at(home)
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs?run={training}")
        goes_on(tab, 1)
        tab.get_by_role("button", name="More").click()
        tab.get_by_role("button", name="End without saving").click()
        asked = tab.get_by_test_id("stDialog")
        expect(asked.get_by_text(re.compile(r"ends at once, at step \d+ of 400"))).to_be_visible()
        asked.get_by_role("button", name="End without saving").click()
        expect(tab.get_by_text("Ended without saving at step")).to_be_visible()
        ended = jobs.read(workspace, training)
        assert (ended.state, ended.adapter) == ("cancelled", None)
        expect(tab.get_by_role("button", name="Resume", exact=True)).to_be_visible()
