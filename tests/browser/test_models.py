"""Merging from the Models page in a real browser, with a real process on a tiny model."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.jsonio import write_json
from pipeline.train import config
from tests.browser.conftest import OpenTab
from tests.dashboard import run_seed
from tests.dashboard.server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORK_MS = 60_000


@pytest.fixture
def tiny_run(home: Path) -> None:
    """A finished run on a tiny model that can really be merged."""
    # Only this test pays for importing torch.
    from tests.workers.tiny_model import make_adapter, make_base  # noqa: PLC0415

    base = make_base(home / "models" / "tiny")
    folder = run_seed.run(home, 1)
    config.write(folder, replace(config.read(folder), model=str(base)))
    make_adapter(base, folder / "adapter")
    write_json(folder / "adapter" / "graft.json", {})


def test_a_merge_goes_on_over_a_reload_and_shows_its_proof(
    open_tab: OpenTab, tmp_path: Path, home: Path, tiny_run: None
):
    with serve(tmp_path, home=home) as dashboard:
        dashboard.wait()
        tab = open_tab(f"{dashboard.url}/models?model=run:1")
        tab.locator(".st-key-models_merge button").click()
        dialog = tab.get_by_role("dialog")
        name = dialog.get_by_role("textbox", name="Name of the new model")
        name.fill("lumen")
        name.press("Tab")
        dialog.locator(".st-key-models_merge_go button").click()
        expect(tab.get_by_text(re.compile(r"^\d of 4: ")).first).to_be_visible(timeout=WORK_MS)
        tab.reload()
        made = tab.get_by_role("button", name="lumen")
        expect(made).to_be_visible(timeout=WORK_MS)
        made.click()
        expect(tab.get_by_text("20 of 20")).to_be_visible()
        assert (home / "models" / "lumen" / "merge.json").is_file()
