"""What the model sees, in a real browser: tokens drawn as text, ids by pointing, folded when long.

Leaves pictures in build/screenshots/, light and dark, English and Chinese.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store import datasets, pairs
from store.db import Database
from tests.browser.conftest import OpenTab
from tests.browser.test_data import PICTURES
from tests.builders import new_pair
from tests.dashboard.seed import HOSTILE
from tests.dashboard.server import Server, serve
from tests.template_models import make

pytestmark = pytest.mark.browser
TOKENS = ".st-key-tokens_row_view_tokens"


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[Server]:
    """A dashboard on pairs in both languages, with a model whose template hides a prompt."""
    make("qwen2.5", home / "models" / "qwen")
    database = Database.open(home / "graft.duckdb")
    trigger = "Answer the question about the clinic."
    clinic = datasets.create(database, "clinic", "domain", trigger=trigger)
    rows = [
        new_pair(HOSTILE, f"Answer with {HOSTILE}"),
        new_pair("宿舍几点关门？👩‍🚀", "晚上十点半。\n\t龘"),
        new_pair("Tell me all of it.", "word by word " * 400),
    ]
    pairs.insert_many(database, clinic.id, rows, summary="")
    database.close()
    with serve(tmp_path, home=home) as running:
        running.wait()
        yield running


def opened(open_tab: OpenTab, server: Server, row: int, **how: object) -> Page:
    """Open the section on a pair of the clinic."""
    tab = open_tab(f"{server.url}/export", **how)
    tab.locator(".st-key-tokens_open summary").click()
    expect(tab.locator(TOKENS)).to_contain_text("Answer·the·question")
    if row > 1:
        number = tab.locator(".st-key-tokens_row input")
        number.fill(str(row))
        number.press("Enter")
    return tab


def test_tokens_are_drawn_as_text_with_their_ids(open_tab: OpenTab, server: Server):
    tab = opened(open_tab, server, 1)
    block = tab.locator(TOKENS)
    # What would run, or be set in bold, is read letter by letter.
    expect(block).to_contain_text("<script>alert(1)</script>·**bold**·$x^2$·:material/home:")
    assert not tab.locator(f"{TOKENS} script, {TOKENS} b, {TOKENS} a").count()
    end = block.locator("span[title*='the end token']")
    expect(end).to_have_text("<|im_end|>")
    assert "id 2 ·" in str(end.get_attribute("title"))


def test_a_character_of_several_tokens_is_one_piece(open_tab: OpenTab, server: Server):
    tab = opened(open_tab, server, 2)
    block = tab.locator(TOKENS)
    expect(block).to_contain_text("宿舍几点关门？👩")
    expect(block).to_contain_text("U+200D🚀")
    expect(block).to_contain_text("晚上十点半。↵")
    dragon = block.get_by_text("龘", exact=True)
    assert len(str(dragon.get_attribute("title")).split(" · ")[0].split()) == 4  # "id" and three
    assert "\ufffd" not in block.inner_text()


def test_a_long_pair_is_folded_and_unfolds(open_tab: OpenTab, server: Server):
    tab = opened(open_tab, server, 3)
    block = tab.locator(TOKENS)
    expect(block).to_contain_text("tokens …")
    folded = block.locator("span[title]").count()
    tab.locator(".st-key-tokens_row_view_all label").click()
    expect(block).not_to_contain_text("tokens …")
    assert block.locator("span[title]").count() > 2 * folded
    cutoff = tab.locator(".st-key-tokens_cutoff input")
    cutoff.fill("300")
    cutoff.press("Enter")
    expect(tab.get_by_text("This answer never learns to stop.")).to_be_visible()
    expect(block.locator("span[title*='never seen']").first).to_have_css(
        "text-decoration-line", "line-through"
    )


def test_pictures_are_left_in_both_languages_and_appearances(open_tab: OpenTab, server: Server):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for locale, dark in (("en-GB", False), ("zh-CN", True)):
        tab = opened(open_tab, server, 2, locale=locale, dark=dark)
        expect(tab.locator(TOKENS)).to_contain_text("宿舍几点关门？")
        tab.set_viewport_size({"width": 1440, "height": 1900})
        tab.locator(TOKENS).scroll_into_view_if_needed()
        look = "dark" if dark else "light"
        tab.screenshot(path=PICTURES / f"tokens-{locale[:2]}-{look}.png")
