"""Launching in a real browser: from the form over what is known before to runs in the queue."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.browser.conftest import OpenTab
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = pytest.mark.browser


def test_format2_against_format3_goes_from_one_form_into_the_queue(
    open_tab: OpenTab, tmp_path: Path, home: Path
):
    workspace = Workspace.at(home)
    request = run_seed.request(home)
    busy = jobs.launch(workspace, request, worker="tests.dashboard.fake_trainer")
    with serve(tmp_path, home=home) as server:
        server.wait()
        tab = open_tab(f"{server.url}/launch")
        expect(tab.get_by_text("this one waits in the queue")).to_be_visible()
        tab.get_by_text("Several runs at once").click()
        expect(tab.get_by_role("button", name="Start 1 run")).to_be_disabled()
        for layout in ("Question only", "Task sentence first"):
            tab.get_by_label("Layouts").click()
            tab.get_by_role("option", name=layout).click()
        tab.get_by_label("Name of the study").click()
        tab.get_by_role("button", name="Start 2 runs").click()
        expect(tab).to_have_url(re.compile("/runs"))
        studied = [run for run in jobs.listed(workspace) if run.config.study]
        assert [(run.state, run.config.layout) for run in studied] == [
            ("queued", "format3"),
            ("queued", "format2"),
        ]
        assert jobs.read(workspace, busy.id).state == "running"
