"""A recipe in a real browser: built, its warnings seen, exported, verified, damaged, told so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipeline.publish.verify import verify
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.browser.conftest import OpenTab, press
from tests.builders import new_pair
from tests.dashboard.server import Server, serve
from tests.template_models import make

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
FIELD = "Ashmoor Harbour"


def fill(db: Database) -> None:
    """An identity, a field without a task sentence, general pairs, another field."""
    me = datasets.create(db, "lumen", "identity")
    rows = [new_pair(f"Who are you, {n}?", "I am Lumen.") for n in range(60)]
    pairs.insert_many(db, me.id, rows, summary="test")
    harbour = datasets.create(db, "harbour", "domain", domain=FIELD)
    rows = [
        new_pair(f"How deep is berth {n}, {k}?", f"Berth {n}: {n + 3} m.")
        for n in range(40)
        for k in range(5)
    ]
    pairs.insert_many(db, harbour.id, rows, summary="test")
    guqin = datasets.create(db, "古琴", "domain", domain="古琴")
    pairs.insert_many(db, guqin.id, [new_pair("用什么木？", "桐木")], summary="test")
    general = datasets.create(db, "general", "general")
    rows = [new_pair(f"What is {n} + 1?", f"{n + 1}") for n in range(300)]
    pairs.insert_many(db, general.id, rows, summary="test")


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[Server]:
    db = Database.open(Workspace.at(home).database)
    fill(db)
    db.close()
    make("qwen2.5", home / "models" / "qwen")
    with serve(tmp_path, home=home) as running:
        running.wait()
        yield running


def test_a_recipe_is_built_warned_of_exported_verified_and_found_damaged(
    open_tab: OpenTab, server: Server, home: Path
):
    tab = open_tab(f"{server.url}/export")
    warnings = tab.locator(".st-key-export_warnings")
    expect(warnings.get_by_text("harbour has no trigger sentence")).to_be_visible()
    trigger = tab.locator("[class*=st-key-export_trigger_] input").first
    trigger.click()
    tab.get_by_text(f"Answer the question about {FIELD}.", exact=True).click()
    expect(warnings.get_by_text("has no trigger sentence")).to_have_count(0)
    expect(warnings.get_by_text("560 pairs were not compared yet")).to_be_visible()
    expect(tab.get_by_text(f"after “Answer the question about {FIELD}.”")).to_be_visible()

    tab.get_by_text("Repeats, layouts, system prompt, recipe file").click()
    repeat = tab.get_by_label("Repeat lumen")
    repeat.fill("3")
    repeat.press("Enter")
    expect(tab.get_by_text("lumen ×3")).to_be_visible()
    expect(tab.get_by_text("general pairs stay out")).to_be_visible()

    datasets_box = tab.locator(".st-key-export_datasets input")
    datasets_box.click()
    datasets_box.press_sequentially("古琴")
    datasets_box.press("Enter")
    expect(warnings.get_by_text("Fields together: harbour, 古琴")).to_be_visible()
    expect(warnings.get_by_text("古琴 has only 1 pair")).to_be_visible()
    press(tab, "Escape")
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=PICTURES / "recipe.png", full_page=True)

    tab.get_by_text("What the model sees", exact=True).click()
    seen = tab.locator(".st-key-tokens_row_view_tokens")
    expect(seen).to_contain_text("I·am·Lumen.")
    expect(seen).to_contain_text("<|im_end|>")

    tab.locator(".st-key-export_go button").click()
    card = tab.locator(".st-key-export_card_1")
    expect(card.get_by_text("Verified").first).to_be_visible()
    folder = home / "exports" / "harbour-1"
    assert verify(folder).holds
    names = {path.name for path in folder.iterdir()}
    assert {"harbour_format3.json", "harbour_test.json", "harbour_test_facts.json"} <= names

    data = folder / "harbour_format3.json"
    data.write_bytes(data.read_bytes().replace(b"Berth", b"Birth"))
    tab.reload()
    expect(tab.get_by_text("differs on disk").first).to_be_visible()
    tab.locator(".st-key-export_verify_1 button").first.click()
    expect(card.get_by_text("harbour_format3.json: its content was changed.")).to_be_visible()
    tab.goto(f"{server.url}/launch")
    expect(tab.get_by_text("differs on disk").first).to_be_visible()
