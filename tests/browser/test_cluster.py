"""A run on a real Ray cluster, in a real browser: launched, watched, stopped, resumed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import OpenTab, press, settle
from tests.browser.test_real_runs import (
    LOADED_MS,
    PASSES,
    PICTURES,
    TRAINED_MS,
    ask_for_passes,
    clinic,
    pictures,
    reaches,
)
from tests.dashboard.server import serve
from tests.ray_node import IS_THERE, cluster

__all__ = ["clinic", "pictures"]
pytestmark = [pytest.mark.browser, IS_THERE, pytest.mark.timeout(1800)]


def test_a_run_on_a_cluster_is_launched_watched_stopped_resumed_and_brought_back(
    open_tab: OpenTab, tmp_path: Path, home: Path, clinic: None
):
    with cluster() as address, serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/launch")
        steps = ask_for_passes(tab, PASSES)
        tab.get_by_text(re.compile("^Where it trains")).click()
        settle(tab)
        tab.get_by_label("Device", exact=True).click()
        tab.get_by_role("option", name="Ray cluster").click()
        tab.get_by_label("Address of its job port").fill(address)
        press(tab, "Enter")
        expect(tab.get_by_text(re.compile("It answers: Ray"))).to_be_visible(timeout=LOADED_MS)
        tab.screenshot(path=PICTURES / "cluster-launch.png", full_page=True)
        tab.get_by_role("button", name="Start training").click()
        reaches(tab, reaches(tab, 1, TRAINED_MS) + 1)
        tab.screenshot(path=PICTURES / "cluster-trains.png")
        tab.get_by_role("button", name="Stop and save").click()
        tab.get_by_role("dialog").get_by_role("button", name="Stop and save").click()
        expect(tab.get_by_text("the adapter as it was there is saved")).to_be_visible(
            timeout=LOADED_MS
        )
        stopped = jobs.read(Workspace.at(home), 1)
        assert stopped.adapter
        assert 1 < stopped.progress.step < steps

        tab.get_by_role("button", name="Resume", exact=True).click()
        expect(tab.get_by_text(f"All {steps} steps are done")).to_be_visible(timeout=TRAINED_MS)
        tab.screenshot(path=PICTURES / "cluster-done.png")

    run = jobs.read(Workspace.at(home), 1)
    assert (run.state, run.progress.resumed_step) == ("finished", stopped.progress.step)
    assert run.config.device == f"ray:{address}"
    assert list(run.progress.steps.step) == list(range(1, steps + 1))
    assert run.adapter is not None
