"""Runs of a real, tiny model in a real browser: watched, stopped, resumed, laid over one another.

The worker is the real one, started by the pages; the model has some thousand weights and learns in
seconds.
"""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.__main__ import main
from pipeline.train import jobs
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.browser.conftest import OpenTab, press, settle
from tests.builders import new_pair
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PASSES = 240
LAYOUTS: dict[str, str] = {"format2": "Question only", "format3": "Task sentence first"}
PAUSE_MS = 5_000
"""Between the stop and the resume; it must not count as time at work."""
LOADED_MS = 120_000
"""How long a worker may take to load on a busy machine; and to train, which takes a quiet one ten
seconds."""
TRAINED_MS = 600_000


@pytest.fixture(autouse=True)
def pictures() -> None:
    """Where each test leaves a picture of what it came to."""
    PICTURES.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def clinic(home: Path) -> None:
    """A workspace with a tiny real model and an export of two datasets in both layouts."""
    # Only these tests pay for importing torch.
    from tests.workers.tiny_model import make_base  # noqa: PLC0415

    (home / "models").mkdir(parents=True)
    make_base(home / "models" / "tiny")
    db = Database.open(Workspace.at(home).database)
    identity = datasets.create(db, "identity", "identity")
    field = datasets.create(db, "clinic", "domain", trigger=run_seed.TRIGGER)
    for dataset, asked, told in (
        (identity, "Who are you, {}?", "I am Aria, {}."),
        (field, "Where is room {}?", "It is door {}."),
    ):
        rows = [new_pair(asked.format(n), told.format(n)) for n in range(16)]
        pairs.insert_many(db, dataset.id, rows, summary="")
    for n in range(4):  # Other wordings, held back: what the validation loss is measured on.
        row = new_pair(f"Which door is that of room {n}?", f"It is door {n}.")
        pairs.add_one(db, field.id, row, tags=("test",))
    db.close()
    command = ["--workspace", str(home), "export", "clinic-3", "--datasets", "identity,clinic"]
    assert main([*command, "--layout", "both"]) == 0


def ask_for_passes(tab: Page, passes: int) -> int:
    """Set the passes on the Launch page; how many steps it then reckons."""
    tab.get_by_text("All settings").click()
    tab.get_by_label("Passes", exact=True).fill(str(passes))
    press(tab, "Enter")
    reckoned = tab.get_by_text(re.compile(rf"\d+ steps: \d+ rows × {passes} passes"))
    expect(reckoned).to_be_visible(timeout=LOADED_MS)
    return int(re.findall(r"\d+", reckoned.inner_text())[0])


def reaches(tab: Page, step: int, timeout_ms: float = LOADED_MS) -> int:
    """Wait until the page says by itself that the run is that far; the step that it says."""
    words = tab.get_by_text(re.compile(r"^Step \d+ of \d+"))
    expect(words).to_be_visible(timeout=timeout_ms)
    end = time.monotonic() + timeout_ms / 1000
    while (shown := int(words.inner_text().split()[1])) < step:
        assert time.monotonic() < end, f"still at step {shown}"
        tab.wait_for_timeout(100)
    return shown


def seconds_left(tab: Page) -> float:
    """The time left that the page shows."""
    value = figure(tab, "Time left")
    expect(value).to_have_text(re.compile(r"\d"))
    found = re.findall(r"(\d+) (h|min|s)", value.inner_text())
    return sum(int(count) * {"h": 3600, "min": 60, "s": 1}[unit] for count, unit in found)


def figure(tab: Page, name: str) -> Locator:
    """The value of one of the run's figures."""
    return tab.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def read_off(tab: Page, share: float) -> tuple[float, list[str]]:
    """Point at the loss chart so far from its left: the step there, and the lines' losses at it."""
    chart = tab.locator(".curves")
    before = chart.get_attribute("data-place") or "nothing"
    plot = chart.locator(".wide .u-over").first.bounding_box()
    assert plot is not None
    tab.mouse.move(plot["x"] + share * plot["width"], plot["y"] + plot["height"] / 2)
    expect(chart).to_have_attribute("data-place", re.compile(r"\d"))
    expect(chart).not_to_have_attribute("data-place", before)
    values = chart.locator(".wide").first.locator(".key b").all_inner_texts()
    return float(chart.get_attribute("data-place") or "nan"), values


def test_a_real_run_is_watched_stopped_resumed_and_ends_with_one_whole_curve(
    open_tab: OpenTab, tmp_path: Path, home: Path, clinic: None
):
    workspace = Workspace.at(home)
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/launch")
        steps = ask_for_passes(tab, PASSES)
        tab.get_by_role("button", name="Start training").click()
        reaches(tab, reaches(tab, 1) + 1)
        tab.get_by_role("button", name="Stop and save").click()
        tab.get_by_role("dialog").get_by_role("button", name="Stop and save").click()
        expect(tab.get_by_text("the adapter as it was there is saved")).to_be_visible()
        stopped = jobs.read(workspace, 1)
        assert stopped.adapter
        assert 1 < stopped.progress.step < steps

        tab.wait_for_timeout(PAUSE_MS)
        tab.get_by_role("button", name="Resume", exact=True).click()
        reaches(tab, stopped.progress.step + 8)
        left_s, asked_at = seconds_left(tab), time.time()
        done = tab.get_by_text(f"All {steps} steps are done")
        expect(done).to_be_visible(timeout=TRAINED_MS)
        shown = [read_off(tab, share) for share in (0.01, 0.5, 0.98)]
        tab.screenshot(path=PICTURES / "resumed.png")

    (run,) = jobs.listed(workspace)
    run = jobs.read(workspace, run.id)
    assert (run.state, run.progress.resumed_step) == ("finished", stopped.progress.step)
    assert list(run.progress.steps.step) == list(range(1, steps + 1))
    assert shown[0][0] <= stopped.progress.step < shown[2][0]
    losses = run.progress.steps.columns["loss"]
    told = [float(values[0]) for _, values in shown]
    assert told == pytest.approx([losses[int(at) - 1] for at, _ in shown], rel=5e-3)
    took_s = run.progress.steps.time[-1] - asked_at
    # Reckoned from a few steps, on a machine that may be busy; the pause alone would be far beyond.
    assert took_s / 4 - 10 < left_s < 4 * took_s + 10


def test_format2_and_format3_are_trained_from_one_form_and_compared_on_one_page(
    open_tab: OpenTab, tmp_path: Path, home: Path, clinic: None
):
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/launch")
        tab.get_by_text("Several runs at once").click()
        expect(tab.get_by_role("button", name="Start 1 run")).to_be_disabled()
        for layout in LAYOUTS.values():
            settle(tab)
            tab.get_by_label("Layouts").click()
            tab.get_by_role("option", name=layout).click()
        tab.get_by_label("Name of the study").fill("layouts")
        press(tab, "Enter")
        tab.get_by_role("button", name="Start 2 runs").click()
        expect(tab).to_have_url(re.compile("study=layouts"))
        cells = tab.get_by_role("region", name="In what the runs differ").locator("[role=gridcell]")
        expect(cells.filter(has_text="Finished")).to_have_count(2, timeout=TRAINED_MS)
        expect(tab.get_by_text("2 runs", exact=True)).to_be_visible()
        told = cells.all_text_contents()
        keys = tab.locator(".curves .wide .key")
        expect(keys.locator(".name")).to_have_text(["Run 1", "Run 2", "Run 1", "Run 2"])
        points = [read_off(tab, share)[1] for share in (0.2, 0.5, 0.9)]
        tab.screenshot(path=PICTURES / "study.png")

    runs = [jobs.read(Workspace.at(home), number) for number in (1, 2)]
    assert [run.config.layout for run in runs] == list(LAYOUTS)
    assert [told[1:7], told[8:]] == [line_of(run) for run in runs]
    # Two losses may well be written alike at one step of a tiny model.
    assert any(one != other for one, other, *_ in points)


def line_of(run: Run) -> list[str]:
    """What the table of differences is to say of a finished run."""
    files = [f"{file.dataset} {file.rows}×1 {file.sha1[:6]}" for file in run.config.data]
    best = min(run.progress.validation, key=lambda point: point.value)
    return [
        str(run.id),
        " · ".join(files),
        LAYOUTS[run.config.layout],
        "Finished",
        f"{run.progress.steps.last('loss'):.3f}",
        f"{best.value:.3f} at step {best.step}",
    ]
