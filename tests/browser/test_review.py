"""Review in a real browser: by key, by whole lists, by two people at once, and after a reload."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store import datasets, pairs
from store.db import Database
from store.types import PairEdit, PairFilter
from tests.browser.conftest import OpenTab, press
from tests.builders import new_pair
from tests.dashboard.server import Server, serve

pytestmark = pytest.mark.browser
QUESTIONS = [
    f"When does ward {n} open?" if n % 2 else f"{n} 号病房几点开门？" for n in range(1, 25)
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with 24 pairs in two languages and one tag."""
    db = Database.open(tmp_path / "home" / "graft.duckdb")
    clinic = datasets.create(db, "clinic", "domain")
    rows = [new_pair(question, f"At {n}.") for n, question in enumerate(QUESTIONS, start=1)]
    pairs.insert_many(db, clinic.id, rows, summary="wards.json")
    for pair_id in (3, 4, 5):
        pairs.edit(db, pair_id, PairEdit(tags=("夜班",)), expected_version=1)
    db.close()
    return tmp_path / "home"


@contextmanager
def served(home: Path) -> Iterator[Server]:
    """The dashboard on that workspace; afterwards what it stored can be read."""
    with serve(home.parent, home=home) as server:
        server.wait()
        yield server


def stored(home: Path) -> Mapping[int, tuple[str, str, tuple[str, ...], str]]:
    """What the workspace holds after the dashboard has gone: status, answer, tags and note."""
    db = Database.open(home / "graft.duckdb")
    found = {p.id: (p.status, p.answer, p.tags, p.note) for p in pairs.each(db, matching=ALL)}
    db.close()
    return found


ALL = PairFilter()


def shows(tab: Page, question: str) -> None:
    """The pair at the right is this one, and its keys can be pressed."""
    expect(tab.locator("[data-testid=stHtml]").get_by_text(question, exact=True)).to_be_visible()
    expect(tab.locator(".st-key-review_accept button")).to_be_enabled()


def click(tab: Page, key: str) -> None:
    tab.locator(f".st-key-{key} button").first.click()


def test_twenty_pairs_are_reviewed_without_the_mouse(open_tab: OpenTab, home: Path):
    with served(home) as server:
        tab = open_tab(f"{server.url}/review")
        for n, question in enumerate(QUESTIONS[:20], start=1):
            shows(tab, question)
            press(tab, "x" if n % 5 == 0 else "a")
        shows(tab, QUESTIONS[20])
        press(tab, "u")
        shows(tab, QUESTIONS[19])
        press(tab, "x")
        shows(tab, QUESTIONS[20])
        press(tab, "j")
        shows(tab, QUESTIONS[21])
        press(tab, "k")
        shows(tab, QUESTIONS[20])
        # Typed at once: until the field is there, no letter may decide anything.
        press(tab, "t")
        tab.keyboard.press("a")
        expect(tab.get_by_label("Tags, separated by commas")).to_be_focused()
        tab.keyboard.type("dose，夜班")
        press(tab, "Enter")
        expect(tab.get_by_role("dialog")).to_have_count(0)
        expect(tab.get_by_text(re.compile("dose$")).first).to_be_visible()
        press(tab, "n")
        expect(tab.locator(".st-key-review_beside_note textarea")).to_be_focused()
        tab.keyboard.type("ask the ward")
        press(tab, "Control+Enter")
        expect(tab.get_by_text("ask the ward", exact=True)).to_be_visible()
    after = stored(home)
    for n in range(1, 21):
        assert after[n][0] == ("rejected" if n % 5 == 0 else "accepted"), n
    assert after[21] == ("unreviewed", "At 21.", ("dose", "夜班"), "ask the ward")


def test_a_whole_list_is_rejected_after_its_count_and_put_back(open_tab: OpenTab, home: Path):
    with served(home) as server:
        tab = open_tab(f"{server.url}/review?tag=夜班")
        expect(tab.get_by_text("1 of 3", exact=True)).to_be_visible()
        click(tab, "review_sweep")
        tab.get_by_text("Reject all").click()
        dialog = tab.get_by_role("dialog")
        expect(dialog.get_by_text("3 pairs will be rejected.")).to_be_visible()
        expect(dialog.get_by_text("Unreviewed · #夜班")).to_be_visible()
        click(tab, "review_sweep_go")
        expect(tab.get_by_text("3 pairs rejected.")).to_be_visible()
        expect(tab.get_by_text("No pair fits these filters.")).to_be_visible()
        press(tab, "u")
        expect(tab.get_by_text("1 of 3", exact=True)).to_be_visible()
        click(tab, "review_sweep")
        tab.get_by_text("Accept all").click()
        click(tab, "review_sweep_go")
        expect(tab.get_by_text("3 pairs accepted.")).to_be_visible()
    after = stored(home)
    assert [after[n][0] for n in (2, 3, 4, 5, 6)] == ["unreviewed", *["accepted"] * 3, "unreviewed"]


def test_the_second_save_of_a_stale_pair_is_refused_with_both_shown(open_tab: OpenTab, home: Path):
    with served(home) as server:
        first, second = (open_tab(f"{server.url}/review?pair=7") for _ in range(2))
        for tab, answer in ((first, "At seven sharp."), (second, "At half past seven.")):
            shows(tab, QUESTIONS[6])
            press(tab, "e")
            expect(tab.get_by_label("Question", exact=True)).to_be_focused()
            tab.get_by_label("Answer", exact=True).first.fill(answer)
        click(first, "review_save")
        expect(first.get_by_text("At seven sharp.", exact=True)).to_be_visible()
        click(second, "review_save")
        both = second.locator(".st-key-review_newer")
        expect(both.get_by_text("This pair was changed in another window")).to_be_visible()
        expect(both.get_by_text("At seven sharp.")).to_be_visible()
        expect(both.get_by_text("At half past seven.")).to_be_visible()
        expect(both.locator("mark").first).to_be_visible()
        expect(second.get_by_label("Answer", exact=True).first).to_have_value("At half past seven.")
        click(second, "review_newer_take")
        expect(second.get_by_label("Answer", exact=True).first).to_have_value("At seven sharp.")
    assert stored(home)[7][1] == "At seven sharp."


def test_filters_and_order_survive_a_reload_and_are_taken_away(open_tab: OpenTab, home: Path):
    with served(home) as server:
        tab = open_tab(f"{server.url}/review")
        shows(tab, QUESTIONS[0])
        tab.get_by_label("Search in questions and answers").fill("几点")
        expect(tab.get_by_text("1 of 12", exact=True)).to_be_visible()
        tab.locator(".st-key-filter_order").click()
        tab.get_by_role("option", name="Newest first").click()
        shows(tab, QUESTIONS[23])
        click(tab, "filter_more")
        tab.get_by_label("Answer from").fill("6")
        press(tab, "Enter")
        expect(tab.get_by_text("1 of 8", exact=True)).to_be_visible()
        press(tab, "Escape")
        expect(tab).to_have_url(re.compile("order=added_down"))
        tab.reload()
        expect(tab.get_by_text("1 of 8", exact=True)).to_be_visible()
        shows(tab, QUESTIONS[23])
        click(tab, "filter_without_answer_length")
        expect(tab.get_by_text("1 of 12", exact=True)).to_be_visible()
        click(tab, "filter_clear")
        expect(tab.get_by_text("1 of 24", exact=True)).to_be_visible()
        expect(tab).not_to_have_url(re.compile("q="))
