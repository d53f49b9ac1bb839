"""A dashboard of its own for each test: a fresh workspace, the real entry script, a language."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
LOCALES = {"en": "en-US", "zh": "zh-CN"}
OpenPage = Callable[..., AppTest]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace that the dashboard will use; what it opened is closed again."""
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


@pytest.fixture
def open_page(home: Path) -> OpenPage:
    """Open a page by its name, as a browser of that language would."""

    def open_(name: str, language: str = "en") -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=20)
        app.context = {"locale": LOCALES[language], "timezone": "Asia/Shanghai"}
        app.run()
        app.switch_page(f"app_pages/{name}.py").run()
        assert not app.exception
        return app

    return open_
