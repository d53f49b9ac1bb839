"""The Duplicates page in a real browser: a cluster by keyboard, the threshold, apply and undo."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipeline.curate import dedup
from store import datasets, pairs
from store.db import Database
from tests.browser.conftest import OpenTab, press
from tests.builders import new_pair
from tests.dashboard.server import Server, serve

pytestmark = pytest.mark.browser
ROWS = (
    ("When does the clinic open?", "It opens at 8 in the morning."),
    ("When does the clinic open?", "It opens at 9 in the morning."),
    ("Who runs the clinic?", "Dr Vael runs the clinic."),
    ("who runs the clinic", "Dr Vael runs the clinic."),
    ("诊所由谁负责？", "诊所由林医生负责。"),
    ("诊所由谁负责", "诊所由林医生负责。"),
    ("How many grams of Veralin does a grown patient take in one day?", "Take 5 grams."),
    ("How many grams of Veralin does a small patient take in 12 days?", "Take 60 grams."),
)


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[Server]:
    """A dashboard on pairs that were compared already."""
    db = Database.open(home / "graft.duckdb")
    clinic = datasets.create(db, "clinic", "domain")
    pairs.insert_many(db, clinic.id, [new_pair(q, a) for q, a in ROWS], summary="clinic.json")
    dedup.run(db, [clinic.id])
    db.close()
    with serve(tmp_path, home=home) as running:
        running.wait()
        yield running


def tab_of(page: Page, words: str, count: int) -> None:
    """See how many clusters of a kind are open."""
    expect(page.get_by_text(re.compile(rf"{words}\s*{count}$")).first).to_be_visible()


def test_a_cluster_is_resolved_by_keyboard_and_taken_back(open_tab: OpenTab, server: Server):
    page = open_tab(f"{server.url}/duplicates")
    expect(page.locator("mark").first).to_have_text("8")
    expect(page.get_by_text("Answers differ: 8 / 9").first).to_be_visible()
    press(page, "2")
    expect(page.locator(".st-key-duplicates_keep_2 button")).to_be_disabled()
    press(page, "a")
    expect(page.get_by_text("No contradiction to decide.")).to_be_visible()
    tab_of(page, "Contradiction", 0)
    press(page, "u")
    tab_of(page, "Contradiction", 1)
    expect(page.get_by_text("1 of 1")).to_be_visible()


def test_copies_go_with_their_count_first_and_come_back(open_tab: OpenTab, server: Server):
    page = open_tab(f"{server.url}/duplicates?relation=duplicate")
    expect(page.get_by_text("2 pairs are exact copies")).to_be_visible()
    expect(page.locator(".st-key-duplicates_next button")).to_be_enabled()
    press(page, "j")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.locator(".st-key-duplicates_bulk button").first.click()
    expect(page.get_by_text("2 pairs are taken out.")).to_be_visible()
    page.locator(".st-key-duplicates_remove button").click()
    expect(page.get_by_text("No copies left.")).to_be_visible()
    page.get_by_role("heading", name="Duplicates").click()
    press(page, "u")
    tab_of(page, "Same", 2)


def test_two_answers_are_merged_into_one_pair(open_tab: OpenTab, server: Server, home: Path):
    page = open_tab(f"{server.url}/duplicates")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    press(page, "m")
    answer = page.get_by_role("dialog").get_by_label("Answer")
    expect(answer).to_have_value("It opens at 8 in the morning.\nIt opens at 9 in the morning.")
    answer.fill("It opens at 8, on Sundays at 9.")
    page.get_by_role("button", name="Save and drop the rest").click()
    expect(page.get_by_text("No contradiction to decide.")).to_be_visible()


def test_the_threshold_is_moved_without_comparing_again(open_tab: OpenTab, server: Server):
    page = open_tab(f"{server.url}/duplicates?relation=lookalike")
    # The same words stand in the closed list of pairs near the threshold.
    expect(page.get_by_text(re.compile("Differs in a number: .* / 12")).first).to_be_visible()
    page.get_by_text("Threshold and scores").click()
    thumb = page.get_by_role("slider").last
    thumb.focus()
    thumb.press("End")
    page.locator(".st-key-duplicates_use_threshold button").click()
    expect(page.get_by_text("No look-alikes to decide.")).to_be_visible()
    tab_of(page, "Contradiction", 1)
