"""From a finished run to its verdict, to the checkpoint in use, to a follow-up that is prepared."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.train import checkpoints, jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import OpenTab
from tests.dashboard import run_seed
from tests.dashboard.evaluation_seed import of_checkpoints
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def evaluated(home: Path) -> Path:
    """A finished run with two checkpoints, and its evaluation."""
    run_seed.model(home)
    run_seed.export(home)
    run_seed.run(home, 1)
    of_checkpoints(home, 1)
    return home


def test_a_finished_run_leads_to_its_verdict_and_on_to_a_prepared_run(
    open_tab: OpenTab, tmp_path: Path, evaluated: Path
):
    with serve(tmp_path, home=evaluated) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/runs?run=1")
        tab.get_by_role("button", name="Evaluate").click()
        expect(tab).to_have_url(re.compile(r"/verdict\?run=1"))
        expect(tab.get_by_text("Use Run 1, step 40")).to_be_visible()
        expect(tab.locator(".js-plotly-plot")).to_be_visible()
        tab.get_by_role("button", name="Use this checkpoint").click()
        expect(tab.get_by_text("In use")).to_be_visible()
        assert checkpoints.chosen_step(evaluated / "runs" / "1") == 40
        expect(tab.get_by_text("Stop earlier")).to_be_visible()
        tab.get_by_role("button", name="Prepare this run").last.click()
        expect(tab).to_have_url(re.compile("/launch"))
        expect(tab.get_by_role("button", name="Start training")).to_be_visible()
        title = tab.locator(".st-key-launch_title input")
        expect(title).to_have_value("After run 1: early_stop_patience=1")
        assert len(jobs.listed(Workspace.at(evaluated))) == 1
