"""A dashboard of its own for each test: a fresh workspace, the real entry script, a language."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import state
from store.db import Database
from tests.dashboard import seed

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
LOCALES = {"en": "en-US", "zh": "zh-CN"}
OpenPage = Callable[..., AppTest]


def assert_calm(app: AppTest) -> None:
    """No exception was drawn, neither by Streamlit nor by the guard."""
    assert not app.exception
    with pytest.raises(KeyError):
        app.get_by_key("shell_failure")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace that the dashboard will use; what it opened is closed again."""
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def database(home: Path) -> Database:
    """The store of that workspace, shared with the app."""
    return state.store()


@pytest.fixture
def filled(database: Database) -> Database:
    """The same store with two datasets and a cluster of each relation."""
    seed.fill(database)
    return database


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


@pytest.fixture
def open_app(home: Path) -> Callable[[str], AppTest]:
    """Open the first page, as a browser of that language would."""

    def open_(language: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=20)
        app.context = {"locale": LOCALES[language], "timezone": "Asia/Shanghai"}
        return app.run()

    return open_


@pytest.fixture
def open_page(open_app: Callable[[str], AppTest]) -> OpenPage:
    """Open a page by its name and see that it is calm."""

    def open_(name: str, language: str = "en") -> AppTest:
        app = open_app(language)
        app.switch_page(f"app_pages/{name}.py").run()
        assert_calm(app)
        return app

    return open_
