"""The data pages in a real browser: a file dropped, pairs decided by key, exported, verified.

Leaves pictures of every data page in build/screenshots/, light and dark, English and Chinese.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab, press
from tests.dashboard.server import Server, serve

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PAGES = ("", "import", "review", "duplicates", "export", "settings")
TRIGGER = "Answer the question about the clinic."
ROWS = [
    ("When does the clinic open?", "It opens at 8 in the morning."),
    ("When does the clinic open?", "It opens at 9 in the morning."),
    ("Who runs the clinic?", "Dr Vael runs the clinic."),
    ("who runs the clinic?", "Dr Vael runs the clinic."),
    ("诊所几点开门？", "诊所早上八点开门。"),
    ("<script>alert(1)</script> **bold** $x$ :material/home:", "Shown as it is."),
]


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[Server]:
    with serve(tmp_path, home=home) as running:
        running.wait()
        yield running


def key(tab: Page, letter: str, then: str) -> None:
    """Press a key on the page and wait for the words that follow."""
    press(tab, letter)
    expect(tab.get_by_text(then, exact=True).first).to_be_visible()


def click(tab: Page, name: str) -> None:
    """Click the button of a key."""
    tab.locator(f".st-key-{name} button").first.click()


def import_rows(tab: Page) -> None:
    """Drop the rows on the Import page and import them."""
    rows = [{"instruction": TRIGGER, "input": q, "output": a} for q, a in ROWS]
    content = json.dumps(rows, ensure_ascii=False).encode()
    tab.locator("input[type=file]").set_input_files(
        {"name": "clinic.json", "mimeType": "application/json", "buffer": content}
    )
    expect(tab.locator(".st-key-import_go button")).to_have_text("Import 6 pairs")
    click(tab, "import_go")
    expect(tab.get_by_text("6 pairs imported into clinic.")).to_be_visible()


def take_pictures(open_tab: OpenTab, server: Server, state: str) -> None:
    """Keep a picture of each data page in each language and each appearance."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for locale, dark in (("en-GB", False), ("zh-CN", True)):
        look = "dark" if dark else "light"
        tab = open_tab(f"{server.url}/", locale=locale, dark=dark)
        tab.set_viewport_size({"width": 1440, "height": 1000})
        for page in PAGES:
            tab.goto(f"{server.url}/{page}")
            tab.wait_for_selector("h1")
            tab.wait_for_timeout(900)  # Nothing says that the last picture is drawn.
            name = f"{page or 'overview'}-{state}-{locale[:2]}-{look}.png"
            tab.screenshot(path=PICTURES / name)


def test_a_file_becomes_a_verified_export(open_tab: OpenTab, server: Server, home: Path):
    take_pictures(open_tab, server, "empty")
    tab = open_tab(f"{server.url}/import")
    import_rows(tab)

    tab.goto(f"{server.url}/review")
    expect(tab.get_by_text("1 of 6")).to_be_visible()
    expect(tab.locator(".st-key-review_accept button")).to_be_visible()
    key(tab, "a", "1 of 5")
    expect(tab.get_by_text("Accepted: When does the clinic open?")).to_be_visible()
    key(tab, "x", "1 of 4")
    key(tab, "u", "1 of 5")
    tab.locator("[class*=st-key-review_row_]").nth(2).get_by_role("button").click()
    expect(tab.get_by_text("3 of 5", exact=True)).to_be_visible()
    key(tab, "j", "4 of 5")
    key(tab, "k", "3 of 5")

    tab.goto(f"{server.url}/duplicates")
    expect(tab.locator("mark").first).to_have_text("8")
    expect(tab.locator(".st-key-duplicates_keep_one button").first).to_be_visible()
    key(tab, "2", "Keep marked, drop 1")
    expect(tab.locator(".st-key-duplicates_keep_2 button")).to_be_disabled()
    key(tab, "a", "No contradiction to decide.")

    tab.goto(f"{server.url}/export")
    click(tab, "export_go")
    card = tab.locator(".st-key-export_card_1")
    expect(card.get_by_text("Verified").first).to_be_visible()
    take_pictures(open_tab, server, "full")
    data = home / "exports" / "clinic-1" / "clinic_format3.json"
    data.write_bytes(data.read_bytes().replace("八".encode(), "九".encode()))
    click(tab, "export_verify_1")
    expect(card.get_by_text("clinic_format3.json: its content was changed.")).to_be_visible()


def test_the_language_is_switched_and_stays(open_tab: OpenTab, server: Server):
    tab = open_tab(f"{server.url}/import")
    tab.get_by_text("中文", exact=True).click()
    expect(tab.get_by_role("heading", name="导入")).to_be_visible()
    tab.get_by_role("link", name="审阅").first.click()
    expect(tab.get_by_role("heading", name="审阅")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("heading", name="审阅")).to_be_visible()


def test_a_hostile_text_is_shown_letter_by_letter(open_tab: OpenTab, server: Server):
    alerts: list[str] = []
    tab = open_tab(f"{server.url}/import")
    tab.on("dialog", lambda dialog: alerts.append(dialog.message))
    import_rows(tab)
    tab.goto(f"{server.url}/review?q=script")
    expect(tab.get_by_text(ROWS[-1][0], exact=True).first).to_be_visible()
    assert alerts == []
