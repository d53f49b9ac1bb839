"""Training and comparing in a real browser: reloads, a killed dashboard, two tabs, keys.

The workers of the fast walks train and answer nothing; the last one uses the real model.
"""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.chat import server
from pipeline.chat.config import ServerConfig
from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import OpenTab, press
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser
FAKE_TRAINER = "tests.dashboard.fake_trainer"
FAKE_SERVER = "tests.pipeline.chat.fake_worker"

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture
def training(home: Path) -> int:
    """A run that is training, whatever becomes of the dashboard; its number."""
    request = run_seed.request(home)
    workspace = Workspace.at(home)
    run = jobs.launch(workspace, request, worker=FAKE_TRAINER)
    return run.id


@pytest.fixture
def answering(home: Path) -> None:
    """A finished run whose model is loaded and answers."""
    run_seed.model(home)
    run_seed.run(home, 1)
    workspace = Workspace.at(home)
    config = ServerConfig(
        model=home / "models" / "tinylm-1m", adapters={"1": home / "runs" / "1" / "adapter"}
    )
    server.wait_ready(server.ensure(workspace, config, worker=FAKE_SERVER))


def step(tab: Page) -> int:
    """The step that the Runs page says the run is at."""
    words = tab.get_by_text(re.compile(r"^Step \d+ of \d+")).inner_text()
    return int(words.split()[1])


def moves_on(tab: Page, timeout_ms: float = 20_000) -> None:
    """See that the run goes on without anything being clicked."""
    before = step(tab)
    expect(tab.get_by_text(f"Step {before} of")).to_have_count(0, timeout=timeout_ms)
    assert step(tab) > before


def test_a_killed_dashboard_leaves_the_run_and_the_next_one_stops_it(
    open_tab: OpenTab, tmp_path: Path, home: Path, training: int
):
    with serve(tmp_path, home=home) as first:
        first.wait()
        tab = open_tab(f"{first.url}/runs?run={training}")
        moves_on(tab)
        tab.reload()
        moves_on(tab)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    assert jobs.read(Workspace.at(home), training).state == "running"
    with serve(tmp_path, home=home) as second:
        second.wait()
        tab = open_tab(f"{second.url}/runs?run={training}")
        moves_on(tab)
        tab.get_by_role("button", name="Stop and save").click()
        tab.get_by_role("dialog").get_by_role("button", name="Stop and save").click()
        expect(tab.get_by_text("the adapter as it was there is saved")).to_be_visible()
    assert jobs.read(Workspace.at(home), training).state == "stopped"


def test_both_answers_come_and_a_key_votes_in_either_tab(
    open_tab: OpenTab, tmp_path: Path, home: Path, answering: None
):
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/compare")
        tab.get_by_test_id("stChatInputTextArea").fill("When is it <b>open</b>?")
        press(tab, "Enter")
        expect(tab.get_by_text("base: Answer the question about the clinic.")).to_be_visible()
        expect(tab.get_by_text("1: Answer the question about the clinic.")).to_be_visible()
        expect(tab.get_by_text("When is it <b>open</b>?").first).to_be_visible()
        expect(tab).to_have_url(re.compile("comparison=1"))
        tab.get_by_role("heading", name="Compare").click()
        press(tab, "2")
        expect(tab.get_by_text("Vote kept.")).to_be_visible()
        other = open_tab(tab.url)
        expect(voted(other)).to_have_text(re.compile("Run 1"))
        press(other, "t")
        expect(voted(other)).to_have_text(re.compile("Same"))
        tab.reload()
        expect(voted(tab)).to_have_text(re.compile("Same"))


def voted(tab: Page) -> Locator:
    """The vote button that is marked."""
    return tab.locator("[class*=st-key-compare_vote_]").filter(has_text="radio_button_checked")


@pytest.mark.slow
def test_the_real_model_trains_and_answers(
    open_tab: OpenTab, tmp_path: Path, home: Path, demo_model: Path
):
    run_seed.export(home)
    (home / "models").mkdir()
    (home / "models" / demo_model.name).symlink_to(demo_model)
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/launch")
        tab.get_by_text("All settings").click()
        passes = tab.get_by_label("Passes", exact=True)
        passes.fill("4")
        passes.press("Enter")
        expect(tab.get_by_text("16 steps: 32 rows × 4 passes")).to_be_visible()
        tab.get_by_role("button", name="Start training").dblclick()
        expect(tab.get_by_text(re.compile(r"^Step \d+ of 16"))).to_be_visible(timeout=90_000)
        tab.reload()
        moves_on(tab, timeout_ms=120_000)
        done = tab.get_by_text("All 16 steps are done")
        expect(done).to_be_visible(timeout=180_000)
        assert len(jobs.listed(Workspace.at(home))) == 1
        tab.get_by_role("button", name="Compare").click()
        tab.get_by_test_id("stChatInputTextArea").fill("Who are you?")
        press(tab, "Enter")
        expect(tab).to_have_url(re.compile("comparison=1"), timeout=120_000)
        expect(tab.get_by_text("Base proved").first).to_be_visible()
        tab.get_by_role("heading", name="Compare").click()
        press(tab, "2")
        expect(voted(tab)).to_have_text(re.compile("Run 1"))
        PICTURES.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=PICTURES / "compare.png")
        tab.get_by_role("button", name="Unload").click()
        expect(tab.get_by_text("Not loaded").first).to_be_visible()
