"""Compare where the model's process fails: told in words, one button goes on, no name is mixed up.

A stand-in of the model fails in a real process; `tests/workers` takes the memory from a real one.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.text import literal
from pipeline import processes
from pipeline.chat import client, server
from pipeline.workspace import Workspace
from store import votes
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.dashboard.test_compare import WORKER, ask, lines, shown, words
from tests.pipeline.chat.fakes import wait_until

Fails = Callable[[str], None]


@pytest.fixture
def fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fails]:
    """Make a workspace with a finished run, whose base fails in the way that its name says."""

    def make(how: str) -> None:
        monkeypatch.setattr(server, "ensure", partial(server.ensure, worker=WORKER))
        run_seed.model(home, how)
        run_seed.run(home, 1)
        config = home / "runs" / "1" / "config.json"
        config.write_text(config.read_text().replace("tinylm-1m", how))

    yield make
    for each in server.list_servers(Workspace.at(home)):
        server.stop(each.folder, timeout_s=20)


def asked_again(page: AppTest) -> dict[str, str]:
    """Press the one button, and return what is kept of it."""
    page.button(key="compare_again").click().run()
    assert_calm(page)
    (kept,) = votes.latest(state.store())
    return {model: text.partition(":")[0] for model, text, _ in kept.answers}


def test_a_server_that_cannot_load_is_told_in_words_and_can_be_tried_again(
    open_page, fails: Fails, language: str
):
    fails("broken")
    page = ask(open_page("compare", language), "Hello?")
    assert "There is no model in it" in page.error[0].value
    assert page.button(key="compare_again")
    assert votes.latest(state.store()) == ()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("starved", {"en": "memory is too small for this model", "zh": "内存放不下这个模型"}),
        ("killed", {"en": "the system ran out of memory", "zh": "系统内存耗尽"}),
    ],
    ids=["no memory", "killed"],
)
def test_a_model_that_the_memory_does_not_hold_is_told_in_the_readers_language(
    open_page, fails: Fails, language: str, how: str, told: dict[str, str]
):
    fails(how)
    page = ask(open_page("compare", language), "Hello?")
    assert told[language] in page.error[0].value
    assert page.button(key="compare_again")
    assert votes.latest(state.store()) == ()


def test_an_answer_that_runs_out_of_memory_is_told_and_asked_again(
    open_page, fails: Fails, language: str
):
    fails("full")
    page = ask(open_page("compare", language), "When?")
    assert page.error[0].value == literal(words(language, "error.AnswerFailed_out_of_memory"))
    assert votes.latest(state.store()) == ()
    assert_broken_off_under_its_own_name(page, language)
    assert asked_again(page) == {"base": "base", "1": "1"}


def test_a_model_that_is_killed_in_its_answer_is_told_and_asked_again(
    open_page, home: Path, fails: Fails, language: str
):
    fails("hangs")
    killer = threading.Thread(target=kill_when_answering, args=(Workspace.at(home),))
    killer.start()
    page = ask(open_page("compare", language), "When?")
    killer.join()
    assert page.error[0].value == literal(words(language, "error.ServerGone"))
    assert votes.latest(state.store()) == ()
    assert asked_again(page) == {"base": "base", "1": "1"}


def assert_broken_off_under_its_own_name(page: AppTest, language: str) -> None:
    """See that each column still has what its own model had said."""
    columns = [column for column in page.columns if "It is" in shown(column)]
    names = [words(language, "compare.base"), words(language, "compare.run").format(run=1)]
    for column, name, model in zip(columns, names, ("base", "1"), strict=True):
        assert name in lines(column)
        assert f"{model}: It is" in shown(column)


def kill_when_answering(workspace: Workspace) -> None:
    """End the first server's process by signal 9 as soon as it answers."""

    def is_answering() -> bool:
        (first,) = server.list_servers(workspace) or (None,)
        return bool(first and first.port and client.health(first.endpoint).waiting)

    wait_until(is_answering, timeout_s=20)
    launch = processes.read_launch(workspace.servers / "1")
    assert launch
    os.kill(launch.pid, signal.SIGKILL)
