"""What was there when a run was chosen and is gone when it is to start: nothing is half made."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline import disk, jsonio
from pipeline.disk import NoSpaceLeft
from pipeline.queue import line, supervise
from pipeline.train import devices as found
from pipeline.train import jobs
from pipeline.train.cluster import ClusterSilent
from pipeline.train.devices import Device, DeviceMissing, Devices
from pipeline.train.request import ExportGone, ModelGone
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.pipeline.queue.conftest import WORKER, Queue, end_all, request, states, until
from tests.small_disk import small_disk

GPU = Device("cuda:0", "H100", 80 << 30, 70 << 30, "GPU-a")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace on a real disk of eight megabytes."""
    with small_disk(tmp_path / "small", "8m") as home:
        made = Workspace.at(home)
        run_seed.model(made.root)
        run_seed.export(made.root)
        yield made
        empty(made)
        end_all(made)


def fill(workspace: Workspace) -> None:
    """Leave not a byte."""
    with suppress(OSError), (workspace.root / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def empty(workspace: Workspace) -> None:
    (workspace.root / "filling").unlink(missing_ok=True)


def launched(workspace: Workspace, lasts: int = 1, device: str = "cpu") -> Run:
    return jobs.launch(workspace, request(workspace, lasts, device), worker=WORKER)


@pytest.mark.parametrize("is_known", [True, False], ids=["found full", "fills meanwhile"])
def test_on_a_full_disk_nothing_of_a_run_is_left(
    small: Workspace, monkeypatch: pytest.MonkeyPatch, is_known: bool
):
    if not is_known:
        monkeypatch.setattr(disk, "START_BYTES", 0)
    fill(small)
    with pytest.raises(NoSpaceLeft, match="is full, so nothing was begun"):
        launched(small)
    assert list(small.runs.iterdir()) == []
    empty(small)
    launched(small)
    until(lambda: states(small) == {1: "finished"})


@pytest.mark.parametrize("name", ["queue.json", "config.json"])
def test_whichever_file_finds_the_disk_full_the_run_is_taken_away(
    workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch, name: str
):
    fsync = os.fsync

    def full(handle: int) -> None:
        if name in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpaceLeft):
        queue()
    assert list(workspace.runs.iterdir()) == []
    assert line.read(workspace).waiting == ()


def test_a_file_that_could_not_be_written_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    jsonio.write_json(tmp_path / "config.json", {"rank": 8})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        jsonio.write_json(tmp_path / "config.json", {"rank": 16})
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    assert jsonio.read_json(tmp_path / "config.json") == {"rank": 8}


def test_what_waits_on_a_full_disk_says_so_and_starts_once_there_is_room(small: Workspace):
    launched(small, lasts=2000)
    until(lambda: states(small) == {1: "running"})
    launched(small)
    fill(small)
    jobs.discard(small, 1)
    until(lambda: states(small)[1] == "cancelled")
    until(lambda: [each.reason for each in line.read(small).waiting] == ["disk"])
    supervise.advance(small)
    assert states(small) == {1: "cancelled", 2: "queued"}
    empty(small)
    until(lambda: states(small)[2] == "finished")


def test_a_gpu_that_vanished_starts_nothing_and_the_others_go_on(
    workspace: Workspace, queue: Queue
):
    queue()
    with pytest.raises(DeviceMissing, match="no device 'cuda:0' on this machine now") as raised:
        queue(device="cuda:0")
    assert (raised.value.device, raised.value.known) == ("cuda:0", ("cpu",))
    until(lambda: states(workspace) == {1: "running"})


def test_a_gpu_that_vanishes_right_before_the_start_is_waited_for(
    workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(found, "_gpus", lambda: ([GPU], ""))
    monkeypatch.setattr(supervise, "devices", lambda: Devices((Device("cpu", "CPU", 8, 8),)))
    assert queue(device="cuda:0").state == "queued"
    assert queue(lasts=1).state != "failed"
    monkeypatch.undo()
    (waiting,) = [each for each in line.read(workspace).waiting if each.job.id == 1]
    assert waiting.reason == "missing"
    until(lambda: states(workspace) == {1: "queued", 2: "finished"})


def test_a_cluster_that_does_not_answer_starts_nothing(workspace: Workspace, queue: Queue):
    with pytest.raises(ClusterSilent, match=r"127\.0\.0\.1:9 does not answer"):
        queue(device="ray:127.0.0.1:9")
    assert list(workspace.runs.iterdir()) == []


@pytest.mark.parametrize("error", [ExportGone, ModelGone])
def test_a_folder_that_was_deleted_is_named_and_nothing_starts(
    workspace: Workspace, queue: Queue, error: type[ExportGone | ModelGone]
):
    queue(lasts=2000)
    home = workspace.exports if error is ExportGone else workspace.models
    (folder,) = home.iterdir()
    shutil.rmtree(folder)
    with pytest.raises(error, match=f"{folder.name} is not there any more"):
        queue()
    until(lambda: states(workspace) == {1: "running"})
    jobs.discard(workspace, 1)
    until(lambda: states(workspace) == {1: "cancelled"})
    with pytest.raises(error):
        jobs.resume(workspace, 1, worker=WORKER)
    assert states(workspace) == {1: "cancelled"}
