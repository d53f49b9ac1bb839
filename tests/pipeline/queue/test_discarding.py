"""A run that is ended without saving: at once, whole, and to be resumed from what it had saved."""

import json
import os
import signal
from functools import partial
from pathlib import Path

import psutil
import pytest

from pipeline import processes
from pipeline.__main__ import main
from pipeline.jsonio import read_json, write_json
from pipeline.launches import DISCARD, write_launch
from pipeline.train import checkpoints, jobs, state
from pipeline.train.jobs import NotRunning
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.pipeline.queue.conftest import Queue, request, states, until

STUBBORN = "tests.pipeline.queue.stubborn_worker"


def at_work(workspace: Workspace) -> Run:
    """A run of two processes that heed nothing."""
    run = jobs.launch(workspace, request(workspace, lasts=0), worker=STUBBORN)
    until(lambda: jobs.read(workspace, run.id).state == "running")
    return jobs.read(workspace, run.id)


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_all_its_processes_end_at_once_and_the_queue_goes_on(workspace: Workspace, queue: Queue):
    run = at_work(workspace)
    assert queue(lasts=1).state == "queued"
    beside = int((run.folder / "beside.txt").read_text())
    assert jobs.discard(workspace, run.id).state == "stopping"
    until(lambda: states(workspace) == {1: "cancelled", 2: "finished"})
    until(partial(is_gone, beside))
    assert read_json(run.folder / "exit.json")["signal"] == signal.SIGKILL


def test_its_checkpoints_stay_and_it_is_resumed_from_them(workspace: Workspace):
    run = at_work(workspace)
    run_seed.checkpoint(run.folder, 12)
    jobs.discard(workspace, run.id)
    until(lambda: jobs.read(workspace, run.id).state == "cancelled")
    ended = jobs.read(workspace, run.id)
    assert (ended.failure, ended.adapter, ended.can_resume) == (None, None, True)
    assert [each.step for each in checkpoints.listed(run.folder)] == [12]
    jobs.resume(workspace, run.id, worker="tests.pipeline.queue.short_worker")
    until(lambda: jobs.read(workspace, run.id).state == "finished")


def test_it_is_ended_even_when_its_watcher_was_killed(workspace: Workspace):
    run = at_work(workspace)
    launch = processes.read_launch(run.folder)
    assert launch is not None
    os.kill(launch.watcher_pid, signal.SIGKILL)
    until(partial(is_gone, launch.watcher_pid))
    jobs.discard(workspace, run.id)
    until(lambda: jobs.read(workspace, run.id).state == "cancelled")


def test_one_that_waits_is_taken_out_of_the_queue(workspace: Workspace, queue: Queue):
    at_work(workspace)
    assert jobs.discard(workspace, queue().id).state == "cancelled"
    assert states(workspace) == {1: "running", 2: "cancelled"}


def test_one_that_is_over_is_refused_and_stays_what_it_was(workspace: Workspace, queue: Queue):
    queue(lasts=1)
    until(lambda: states(workspace) == {1: "finished"})
    with pytest.raises(NotRunning, match="Run 1 does not run: it is finished"):
        jobs.discard(workspace, 1)


@pytest.mark.parametrize("ended", ["finished", "stopped"])
def test_one_that_ended_by_itself_before_the_kill_is_what_it_became(tmp_path: Path, ended: str):
    folder = run_seed.run(tmp_path, 1, ended)
    (folder / DISCARD).touch()
    assert state.read(folder).state == ended


def test_one_that_had_failed_already_says_why(tmp_path: Path):
    folder = run_seed.run(tmp_path, 1, "starting")
    event = {"time": 1.0, "kind": "error", "error": "disk", "message": "The disk is full."}
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    write_launch(folder, run_seed.launch(is_alive=False))
    write_json(folder / "exit.json", {"code": None, "signal": 9})
    (folder / DISCARD).touch()
    run = state.read(folder)
    assert run.failure is not None
    assert (run.state, run.failure.error) == ("failed", "disk")


def test_the_command_line_ends_it_and_says_so(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
):
    at_work(workspace)
    asked = ["--workspace", str(workspace.root), "--json", "stop", "1", "--discard", "--wait"]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "cancelled"
