"""The Check page in a real browser: a finding seen, repaired after its preview, taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store import datasets, pairs
from store.db import Database
from store.types import NewPair
from tests.browser.conftest import OpenTab
from tests.dashboard.server import Server, serve

pytestmark = pytest.mark.browser


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[Server]:
    database = Database.open(home / "graft.duckdb")
    tides = datasets.create(database, "tides", "general")
    rows = [NewPair(f"What is tide number {n}?", f"A ti\u200bde, number {n}.") for n in range(3)]
    pairs.insert_many(database, tides.id, rows, summary="tides.json")
    database.close()
    with serve(tmp_path, home=home) as running:
        running.wait()
        yield running


def click(tab: Page, name: str) -> None:
    tab.locator(f".st-key-{name} button").first.click()


def test_a_finding_is_repaired_after_its_preview_and_taken_back(server: Server, open_tab: OpenTab):
    tab = open_tab(f"{server.url}/check")
    kind = tab.locator(".st-key-check_kind_control_characters")
    expect(kind).to_contain_text("Characters that nobody sees")
    click(tab, "check_fix_control_characters")
    expect(tab.get_by_text("3 pairs", exact=True)).to_be_visible()
    click(tab, "check_fix_go")
    expect(tab.get_by_text("3 pairs repaired: Invisible characters.")).to_be_visible()
    expect(kind).to_have_count(0)
    click(tab, "check_undo")
    expect(kind).to_be_visible()
