"""The queue of a device: what waits, in which order, and what becomes of it when it is changed."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import processes
from pipeline.__main__ import main
from pipeline.errors import BadInput
from pipeline.launches import Worker
from pipeline.queue import changes, entry, line, supervise
from pipeline.queue.changes import Move, NotWaiting
from pipeline.queue.entry import Entry, Order
from pipeline.queue.line import Job, Waiting, Working
from pipeline.train import jobs
from pipeline.train.jobs import NotResumable
from pipeline.workspace import Workspace
from tests.pipeline.queue.conftest import WORKER, Queue, states, until, worked


def order(workspace: Workspace) -> list[int]:
    return [each.job.id for each in line.read(workspace).waiting]


def test_a_free_device_starts_at_once_and_a_busy_one_queues(workspace: Workspace, queue: Queue):
    assert [queue().state, queue().state, queue().state] != ["queued"] * 3
    found = line.read(workspace)
    assert [each.job.id for each in found.working] == [1]
    assert [(each.job.id, each.position, each.reason) for each in found.waiting] == [
        (2, 1, "working"),
        (3, 2, "waiting"),
    ]
    assert [job.id for job in found.waiting[0].behind] == [1]
    assert supervise.is_supervised(workspace)


@pytest.mark.parametrize(
    ("run", "to", "after"),
    [
        (4, "up", [2, 4, 3]),
        (2, "down", [3, 2, 4]),
        (4, "first", [4, 2, 3]),
        (2, "last", [3, 4, 2]),
        (2, "up", [2, 3, 4]),
        (4, "last", [2, 3, 4]),
    ],
)
def test_an_entry_is_moved(
    workspace: Workspace, queue: Queue, run: int, to: Move, after: list[int]
):
    for _ in range(4):
        queue()
    changes.move(workspace, workspace.run(run), to)
    assert order(workspace) == after


def test_priority_goes_before_order_and_a_move_takes_that_of_whom_it_passes(
    workspace: Workspace, queue: Queue
):
    queue()
    queue(priority="low")
    queue()
    queue(priority="high")
    assert order(workspace) == [4, 3, 2]
    changes.move(workspace, workspace.run(2), "first")
    assert order(workspace) == [2, 4, 3]
    assert line.read(workspace).waiting[0].entry.order.priority == "high"


def test_a_cancelled_run_keeps_its_folder_and_can_be_queued_again(
    workspace: Workspace, queue: Queue
):
    queue(), queue()
    jobs.stop(workspace, 2)
    assert states(workspace)[2] == "cancelled"
    assert not line.read(workspace).waiting
    with pytest.raises(NotWaiting):
        changes.move(workspace, workspace.run(2), "up")
    assert not changes.cancel(workspace, workspace.run(2))
    assert jobs.resume(workspace, 2, worker=WORKER).state == "queued"
    with pytest.raises(NotResumable):
        jobs.resume(workspace, 2, worker=WORKER)


def test_a_run_that_waited_to_go_on_is_again_what_it_was(workspace: Workspace, queue: Queue):
    queue()
    until(lambda: states(workspace)[1] == "running")
    jobs.stop(workspace, 1)
    until(lambda: states(workspace)[1] == "stopped")
    queue()
    assert jobs.resume(workspace, 1, worker=WORKER).state == "queued"
    changes.cancel(workspace, workspace.run(1))
    assert states(workspace)[1] == "stopped"


def test_the_next_starts_by_itself_when_one_ends(workspace: Workspace, queue: Queue):
    queue(10), queue(10), queue(10)
    until(lambda: set(states(workspace).values()) == {"finished"})
    assert worked(workspace) == [(what, n) for n in (1, 2, 3) for what in ("began", "ended")]
    until(lambda: not supervise.is_supervised(workspace))


def test_one_that_cannot_be_started_is_failed_with_its_reason_and_the_next_goes_on(
    workspace: Workspace, queue: Queue
):
    queue()
    queue(), queue(5)
    (workspace.run(2) / "train.log").mkdir()
    jobs.stop(workspace, 1)
    until(lambda: states(workspace)[3] == "finished")
    failed = jobs.read(workspace, 2)
    assert (failed.state, failed.can_resume) == ("failed", True)
    assert failed.failure is not None
    assert failed.failure.error == "start"
    assert "train.log" in failed.failure.message


def test_a_folder_that_is_not_whole_is_never_started(workspace: Workspace, queue: Queue):
    queue()
    half = workspace.runs / "9"
    half.mkdir()
    entry.write(half, made("cpu"))
    assert order(workspace) == []
    assert states(workspace).keys() == {1}


def test_an_entry_that_outlived_its_start_is_spent(workspace: Workspace, queue: Queue):
    run = queue()
    launch = processes.read_launch(run.folder)
    assert launch is not None
    left = made("cpu")
    entry.write(run.folder, replace(left, worker=replace(left.worker, ticket=launch.ticket)))
    assert states(workspace)[1] in ("starting", "running")
    supervise.advance(workspace)
    assert not (run.folder / entry.NAME).exists()
    assert [each.job.id for each in line.read(workspace).working] == [1]


def test_the_queue_is_listed_moved_and_cancelled_from_the_command_line(
    workspace: Workspace, queue: Queue, capsys: pytest.CaptureFixture[str]
):
    queue(), queue(), queue()
    at = ["--workspace", str(workspace.root), "--json"]
    assert main([*at, "queue", "--move", "3", "first"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["kind"], each["id"]) for each in told["working"]] == [("run", 1)]
    assert [(each["id"], each["position"], each["behind"]) for each in told["waiting"]] == [
        (3, 1, ["run 1"]),
        (2, 2, ["run 3"]),
    ]
    assert main([*at, "cancel", "run:3"]) == 0
    assert main([*at, "cancel", "3"]) == 1
    assert main([*at, "queue", "--move", "2", "sideways"]) == 2
    assert main([*at, "cancel", "evaluation:3"]) == 2
    assert order(workspace) == [2]


def made(device: str, place: int = 1, **more) -> Entry:
    worker = Worker("none", device=device, ticket=str(place))
    return Entry(worker, socket.gethostname(), place, Order(**more), 0.0)


def decided(*standing: Entry, busy: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    """The reason and position of each entry, on a machine with a CPU and two GPUs."""
    jobs_ = [Job("run", n, Path(str(n))) for n, _ in enumerate(standing)]
    working = tuple(Working(Job("run", 90, Path("90")), (name,)) for name in busy)
    present = ("cpu", "cuda:0", "cuda:1")
    found = line.decide(list(zip(jobs_, standing, strict=True)), working, present)
    return [(each.reason, each.position) for each in found]


def test_each_gpu_has_a_queue_of_its_own():
    found = decided(made("cuda:0"), made("cuda:0"), made("cuda:1"), made("cpu"), busy=("cuda:0",))
    assert found == [("working", 1), ("waiting", 2), ("next", 1), ("next", 1)]


def test_several_gpus_are_waited_for_together_and_not_overtaken():
    found = decided(made("cuda:0,1"), made("cuda:1"), made("cpu"), busy=("cuda:0",))
    assert found == [("working", 1), ("waiting", 2), ("next", 1)]
    assert decided(made("cuda:0,1"), made("cuda:0")) == [("next", 1), ("waiting", 2)]


def test_what_shares_its_device_waits_for_nobody():
    assert decided(made("cpu", shares_device=True), busy=("cpu",)) == [("next", 1)]


def test_a_device_that_is_gone_and_another_machine_hold_up_nobody():
    strange = replace(made("cpu"), host="elsewhere")
    found = decided(made("cuda:7"), made("cuda:1,7"), strange, made("cuda:1"), made("cpu"))
    assert [reason for reason, _ in found] == ["missing", "missing", "host", "next", "next"]


def test_an_entry_of_another_machine_is_queued_and_not_started_here(
    workspace: Workspace, queue: Queue
):
    queue()
    run = queue()
    found = entry.read(run.folder)
    assert found is not None
    entry.write(run.folder, replace(found, host="elsewhere"))
    jobs.stop(workspace, 1)
    until(lambda: states(workspace)[1] == "stopped")
    supervise.advance(workspace)
    assert states(workspace)[2] == "queued"
    waiting = line.read(workspace).of(run.folder)
    assert isinstance(waiting, Waiting)
    assert waiting.reason == "host"
    with pytest.raises(BadInput):
        jobs.resume(workspace, 2, worker=WORKER)
