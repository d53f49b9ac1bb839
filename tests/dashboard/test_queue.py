"""The queue on the Runs page: what waits, in which order and why; moved and cancelled there."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from dashboard.text import literal, messages
from pipeline import processes
from pipeline.chat import server
from pipeline.chat.config import ServerConfig
from pipeline.merge import jobs as merges
from pipeline.merge.jobs import MergeRequest
from pipeline.queue import changes, line
from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.dashboard import merge_seed, run_seed
from tests.dashboard.conftest import assert_calm
from tests.dashboard.test_runs import WORKER, badges, look, until

CHAT_WORKER = "tests.pipeline.chat.fake_worker"


@pytest.fixture
def three(home: Path) -> Iterator[Workspace]:
    """A workspace with one run at work and two that wait for it."""
    request = run_seed.request(home)
    workspace = Workspace.at(home)
    for title in ("first", "<b>second</b> *of* three", "third"):
        jobs.launch(workspace, replace(request, title=title), worker=WORKER)
    yield workspace
    for run in jobs.listed(workspace):
        changes.cancel(workspace, run.folder)
    if launch := processes.read_launch(workspace.run(1)):
        processes.send_signal(launch, signal.SIGKILL)


def order(workspace: Workspace) -> list[int]:
    return [each.job.id for each in line.read(workspace).waiting]


def test_what_waits_is_listed_with_its_reason(open_page, three: Workspace, language: str):
    page = look(open_page("runs", language), 1)
    assert_calm(page)
    words = messages(language)
    first, last = page.container(key="queue_row_run_2"), page.container(key="queue_row_run_3")
    assert literal("<b>second</b> *of* three") in first.markdown[0].value
    name = str(words["queue.name_run"]).format(number="1")
    why = str(words["queue.why_working"]).format(behind=name, device="cpu")
    assert why[:-1] in str(first.caption[0].value).replace("\\", "")
    behind = str(words["queue.name_run"]).format(number="2")
    why = str(words["queue.why_waiting"]).format(behind=behind)
    assert why[:-1] in str(last.caption[0].value).replace("\\", "")
    assert page.button(key="queue_up_run_2").disabled
    assert page.button(key="queue_down_run_3").disabled


def test_it_is_moved_and_cancelled(open_page, three: Workspace):
    page = look(open_page("runs"), 1)
    page.button(key="queue_first_run_3").click().run()
    assert_calm(page)
    assert order(three) == [3, 2]
    page.button(key="queue_down_run_3").click().run()
    assert order(three) == [2, 3]
    page.button(key="queue_cancel_run_2").click().run()
    assert_calm(page)
    assert order(three) == [3]
    assert str(messages("en")["runs.state_cancelled"]) in badges(look(page, 2))


def test_one_that_left_the_queue_meanwhile_is_told_in_words(open_page, three: Workspace):
    page = look(open_page("runs"), 1)
    changes.cancel(three, three.run(2))
    page.button(key="queue_down_run_2").click().run()
    assert_calm(page)
    assert str(messages("en")["error.NotWaiting"])[:30] in page.error[0].value.replace("\\", "")


def test_the_strip_counts_what_waits(open_page, three: Workspace, language: str):
    page = open_page("runs", language)
    message = messages(language)["loop.train_waiting"]
    form = message["one"] if isinstance(message, dict) else message
    lines = form.format(count=1, waiting=2).split("\n")
    captions = [str(each.value).replace("\\", "") for each in page.caption]
    assert any(all(line in caption for line in lines) for caption in captions)


def test_a_run_that_waits_is_taken_out_from_its_own_card(open_page, three: Workspace):
    page = look(open_page("runs"), 3)
    page.button(key="queue_leave").click().run()
    assert_calm(page)
    assert order(three) == [2]
    assert page.button(key="runs_resume")


def test_a_merge_waits_in_the_same_queue(open_page, three: Workspace, language: str):
    words = messages(language)
    merge_seed.adapter(three.root, 4)
    wanted = MergeRequest(run=4, out=three.models / "lumen")
    merges.launch(three, wanted, worker="tests.pipeline.merge.fake_worker")
    page = open_page("models", language)
    page.button(key="models_node_run:4").click().run()
    assert_calm(page)
    assert page.progress[0].proto.text == words["queue.waits"]
    page = look(open_page("runs", language), 1)
    row = page.container(key="queue_row_merge_1").markdown[0].value
    assert str(words["queue.name_merge"]).format(number="1") in row
    assert str(words["queue.title_merge"]).format(name="lumen") in row
    page.button(key="queue_cancel_merge_1").click().run()
    assert_calm(page)
    assert order(three) == [2, 3]


@pytest.mark.parametrize(("choice", "is_ended"), [("unload", True), ("keep", False)])
def test_chat_gives_way_to_a_run_where_the_person_says_so(
    open_page, home: Path, monkeypatch: pytest.MonkeyPatch, choice: str, is_ended: bool
):
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker=WORKER))
    model = run_seed.model(home)
    run_seed.export(home)
    workspace = Workspace.at(home)
    config = ServerConfig(model=model, adapters={}, device="cpu")
    chat = server.wait_ready(server.start(workspace, config, worker=CHAT_WORKER))
    page = open_page("launch")
    page.segmented_control(key="launch_chat").set_value(choice).run()
    page.button(key="launch_start").click().run()
    assert_calm(page)
    until(lambda: jobs.read(workspace, 1).state == "running")
    assert (not processes.is_alive(processes.read_launch(chat.folder))) == is_ended
    jobs.stop(workspace, 1)
    jobs.wait(workspace, 1)
    server.stop(chat.folder, timeout_s=10)


def test_without_a_chat_model_nothing_is_asked(open_page, home: Path):
    run_seed.model(home)
    run_seed.export(home)
    page = open_page("launch")
    with pytest.raises(KeyError):
        page.segmented_control(key="launch_chat")
