"""The queue and the processes around it: dashboards that come and go, and two GPUs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.jsonio import read_json
from pipeline.queue import entry, following, supervise
from pipeline.train import jobs
from pipeline.workspace import REPOSITORY, Workspace
from tests.dashboard import run_seed
from tests.pipeline.queue.conftest import WORKER, Queue, request, states, until, worked

NVML = Path(__file__).parent / "nvml"


@contextmanager
def dashboard(workspace: Workspace, lasts: int, *forms: str) -> Iterator[None]:
    """A dashboard that has sent its forms; killed at the end."""
    module = "tests.pipeline.queue.dashboard_process"
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(workspace.root), str(lasts), *forms],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(NVML)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert [process.stdout.readline().strip() for _ in forms] == [
            form.partition("=")[0] for form in forms
        ]
        yield
    finally:
        process.kill()
        process.communicate()


def test_four_runs_go_one_after_another_across_a_restart_of_the_dashboard(workspace: Workspace):
    with dashboard(workspace, 60, "a=cpu", "b=cpu", "c=cpu", "d=cpu"):
        assert list(states(workspace).values())[1:] == ["queued", "queued", "queued"]
    until(lambda: ("began", 2) in worked(workspace))
    with dashboard(workspace, 60, "d=cpu"):
        until(lambda: set(states(workspace).values()) == {"finished"})
    assert worked(workspace) == [(what, n) for n in (1, 2, 3, 4) for what in ("began", "ended")]


def test_two_gpus_work_at_once_and_each_worker_sees_its_own(workspace: Workspace):
    forms = ("a=cuda:0", "b=cuda:1", "c=cuda:0", "d=cuda:0,1", "e=cuda:1")
    with dashboard(workspace, 80, *forms):
        until(lambda: set(states(workspace).values()) == {"finished"})
    lines = (workspace.root / "worked.txt").read_text().splitlines()
    seen = {int(line.split()[1]): line.split()[3] for line in lines}
    assert seen == {1: "GPU-0", 2: "GPU-1", 3: "GPU-0", 4: "GPU-0,GPU-1", 5: "GPU-1"}
    happened = worked(workspace)
    at = {each: happened.index(each) for each in happened}
    assert at["began", 2] < at["ended", 1]
    assert at["ended", 3] < at["began", 4]
    assert at["ended", 4] < at["began", 5]


def test_two_dashboards_at_the_same_instant_start_one_run(workspace: Workspace):
    with ThreadPoolExecutor(2) as pool:
        asked = request(workspace, 500, token="same")
        sent = [pool.submit(jobs.launch, workspace, asked, worker=WORKER) for _ in range(2)]
        assert [each.result().id for each in sent] == [1, 1]
    assert len(states(workspace)) == 1


@pytest.fixture
def damaged_later(workspace: Workspace, queue: Queue) -> Path:
    """The folder of a run to be evaluated after it, whose export is damaged meanwhile."""
    run = queue(30, evaluate_after=True)
    path = workspace.exports / "clinic-3" / "clinic_test.json"
    run_seed.write_json_rows(path, [])
    return run.folder


def test_a_finished_run_is_followed_once_and_the_reason_kept_where_that_fails(
    workspace: Workspace, damaged_later: Path
):
    assert (damaged_later / following.REQUEST).exists()
    until(lambda: (damaged_later / "evaluation.json").exists())
    told = read_json(damaged_later / "evaluation.json")
    assert told["evaluation"] is None
    assert "clinic_test.json" in str(told["reason"])
    until(lambda: not (damaged_later / following.REQUEST).exists())
    until(lambda: not supervise.is_supervised(workspace))


def test_a_run_that_did_not_finish_is_not_followed(workspace: Workspace, queue: Queue):
    run = queue(1000, evaluate_after=True)
    until(lambda: states(workspace)[1] == "running")
    jobs.stop(workspace, 1)
    until(lambda: states(workspace)[1] == "stopped")
    assert following.due(workspace) == []
    assert (run.folder / following.REQUEST).exists()
    assert not entry.entries(workspace)
