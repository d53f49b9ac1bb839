"""Errors become words in the reader's language, and the unexpected a calm panel."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import state
from dashboard.text import messages
from pipeline.said import Said
from pipeline.train import removal
from pipeline.train.request import ExportDamaged
from store.db import HOLDER_NAME, Database
from store.errors import WorkspaceHeld
from tests.dashboard import evaluation_seed, run_seed


@contextmanager
def store_that_raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Iterator[None]:
    """Let opening the store fail, as it does while another process has it."""

    def fail(path: Path) -> Database:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Database, "open", fail)
        yield


def test_a_held_workspace_says_who_has_it(open_app, language: str, monkeypatch):
    since = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    held = WorkspaceHeld("/x/graft.duckdb", 4711, since, "python -m pipeline train")
    with store_that_raises(monkeypatch, held):
        page = open_app(language)
    words = page.warning[0].value
    assert "4711" in words
    assert "pipeline train" in words
    assert words.startswith(str(messages(language)["error.WorkspaceHeld"])[:12])
    page.button(key="shell_retry_held").click().run()
    assert not page.warning


def test_a_held_workspace_without_a_known_holder_still_says_what_to_do(open_app, monkeypatch):
    with store_that_raises(monkeypatch, WorkspaceHeld("/x", None, None, "")):
        page = open_app("en")
    assert page.warning[0].value.startswith("Another program has this workspace open")


def test_the_unexpected_is_a_calm_panel_and_the_log_has_the_rest(
    open_app, home: Path, monkeypatch, caplog
):
    with store_that_raises(monkeypatch, RuntimeError("wires crossed")):
        page = open_app("en")
    assert not page.exception
    reference = page.container(key="shell_failure").caption[0].value.split()[1].rstrip(",")
    assert "wires crossed" not in str([m.value for m in page.markdown])
    assert reference in caplog.text
    assert "wires crossed" in caplog.text


def test_one_damaged_run_and_evaluation_leave_every_other_page_open(open_page, home: Path):
    for number in (1, 2):
        run_seed.run(home, number)
        evaluation_seed.evaluation(home, number)
    for name in ("runs/2/events.jsonl", "evaluations/1/events.jsonl", "evaluations/2/rows.jsonl"):
        with (home / name).open("ab") as file:
            file.write(bytes(9) + b"\n")
    told = open_page("runs").caption
    assert any("line 75 is no JSON object" in caption.value for caption in told)
    for page in ("overview", "import", "compare", "launch", "models", "settings"):
        open_page(page)


def test_a_store_that_could_not_be_opened_to_the_end_is_given_back(home: Path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(removal, "sweep", lambda home: home.joinpath("gone").iterdir().__next__())
        with pytest.raises(FileNotFoundError):
            state.store()
    assert not (home / HOLDER_NAME).exists()
    assert not state.store().is_closing


def test_a_pipeline_error_is_told_in_the_readers_language(open_app, language: str, monkeypatch):
    broken = tuple(
        Said("{name} ({reason})", name=name, reason=reason)
        for name, reason in (("a.json", "differs"), ("b.json", "missing"))
    )
    damaged = ExportDamaged(Path("/x/exports/clinic-3"), broken)
    with store_that_raises(monkeypatch, damaged):
        page = open_app(language)
    words = page.error[0].value.replace("\\", "")
    assert "clinic-3" in words
    assert "/x/" not in words
    told = {
        "en": "a.json (differs), b.json (missing). Export again",
        "zh": "a.json（内容被改动）、b.json（文件不见了）。请重新导出",
    }
    assert told[language] in words
