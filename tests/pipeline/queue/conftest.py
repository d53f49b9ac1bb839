"""A workspace with an export, runs of some hundredths of a second, and nothing left at the end."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import processes
from pipeline.queue import changes, line
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from tests.dashboard import run_seed

WORKER = "tests.pipeline.queue.short_worker"
PATIENCE_S = 20.0
Queue = Callable[..., Run]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.at(tmp_path / "home")
    run_seed.model(made.root)
    run_seed.export(made.root)
    yield made
    end_all(made)


@pytest.fixture
def queue(workspace: Workspace) -> Queue:
    """Queue a run that lasts so many hundredths of a second."""

    def queue_(lasts: int = 2000, device: str = "cpu", **more) -> Run:
        return jobs.launch(workspace, request(workspace, lasts, device, **more), worker=WORKER)

    return queue_


def request(workspace: Workspace, lasts: int, device: str = "cpu", **more) -> LaunchRequest:
    return LaunchRequest(
        export=workspace.exports / "clinic-3",
        model=workspace.models / "tinylm-1m",
        settings=Settings(seed=lasts),
        preset="strong",
        device=device,
        **more,
    )


def end_all(workspace: Workspace) -> None:
    """Take everything out of the queue and kill what works."""
    for each in line.read(workspace).waiting:
        changes.cancel(workspace, each.job.folder)
    for working in line.read(workspace).working:
        if launch := processes.read_launch(working.job.folder):
            processes.send_signal(launch, signal.SIGKILL)
    until(lambda: not line.read(workspace).working)


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.02)


def states(workspace: Workspace) -> dict[int, str]:
    return {run.id: run.state for run in sorted(jobs.listed(workspace), key=lambda run: run.id)}


def worked(workspace: Workspace) -> list[tuple[str, int]]:
    """What began and ended, in the order in which it did."""
    path = workspace.root / "worked.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]
