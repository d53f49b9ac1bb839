"""The Runs page in a real browser: a live view that can be read, and what is done with runs."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import OpenTab
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser
FAKE_TRAINER = "tests.dashboard.fake_trainer"


@pytest.fixture
def training(home: Path) -> int:
    """A run that is training; its number."""
    run_seed.model(home)
    run_seed.export(home)
    request = jobs.LaunchRequest(
        export=home / "exports" / "clinic-3",
        model=home / "models" / "tinylm-1m",
        settings=run_seed.plan(home).settings,
        preset="strong",
        device="cpu",
    )
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
