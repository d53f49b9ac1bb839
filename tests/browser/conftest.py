"""A real browser on a real dashboard; skipped where no Chromium is installed."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.chat import server
from pipeline.train import jobs
from pipeline.workspace import Workspace

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WAIT_MS = 20_000
QUICKEST_MS = 200
OpenTab = Callable[..., Page]

expect.set_options(timeout=WAIT_MS)


def press(tab: Page, key: str) -> None:
    """Press a key once the page is drawn and the button that it stands on is there."""
    settle(tab)
    if len(key) == 1:
        named = re.compile(f"Shortcut {re.escape(key)}$", re.IGNORECASE)
        expect(tab.get_by_role("button", name=named).first).to_be_attached()
    tab.keyboard.press(key)


def settle(tab: Page) -> None:
    """Wait until the page is drawn, and for as long as the quickest person would."""
    expect(tab.locator("[data-test-script-state=notRunning]")).to_be_attached()
    tab.wait_for_timeout(QUICKEST_MS)
    expect(tab.locator("[data-test-script-state=notRunning]")).to_be_attached()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome")
                  if (path := shutil.which(name))), None)  # fmt: skip
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[OpenTab]:
    """Open a page in a fresh browser profile; a traceback on any of them fails the test."""
    tabs: list[Page] = []

    def open_(url: str, *, locale: str = "en-GB", dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": 1360, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=locale,
            timezone_id="Asia/Shanghai",
        )
        tab = context.new_page()
        tab.set_default_timeout(WAIT_MS)
        tab.goto(url)
        tab.wait_for_selector("h1")
        tabs.append(tab)
        return tab

    yield open_
    for tab in tabs:
        assert not tab.get_by_test_id("stException").count()
        tab.context.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The workspace of the dashboard under test; what was started in it is ended."""
    folder = tmp_path / "home"
    yield folder
    workspace = Workspace.at(folder)
    for run in jobs.listed(workspace):
        if run.is_active:
            jobs.stop(workspace, run.id)
            jobs.wait(workspace, run.id)
    for each in server.list_servers(workspace):
        server.stop(each.folder, timeout_s=20)
