"""A real Ray cluster of one node trains runs: sent, streamed, stopped, resumed, brought back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipeline.train import config, jobs, state
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.workers import remote, train
from pipeline.workers.events import Events
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.ray_node import IS_THERE, cluster
from tests.workers.test_train import losses
from tests.workers.tiny_model import make_base
from tests.workers.training import events_of, make_run, never

WEIGHTS = "adapter_model.safetensors"
pytestmark = [
    pytest.mark.slow,
    IS_THERE,
    pytest.mark.timeout(1200),  # Ray Train alone takes some 40 s to start, each time.
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The job server of a cluster."""
    with cluster() as at:
        yield at


def test_two_processes_of_a_cluster_learn_what_one_learns_here(tmp_path: Path, address: str):
    here, there = make_run(tmp_path), make_run(tmp_path)
    train.train(here, Events(here), never)
    config.write(there, replace(config.read(there), device=f"ray:{address}", processes=2))
    assert remote.main(there) == 0
    assert list(losses(there).values()) == pytest.approx(list(losses(here).values()), rel=1e-4)
    assert events_of(there, "end")[0]["state"] == "finished"
    came = state.read(there)
    assert came.adapter is not None
    assert [path.name for path in (there / "checkpoints").iterdir()] == ["step-6"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with an export and a tiny model, in which the cluster can find it."""
    made = Workspace.at(tmp_path / "home")
    make_base(made.models / "tiny")
    run_seed.export(made.root)
    return made


def launched(workspace: Workspace, device: str) -> Run:
    """A run of 400 steps, launched as the pages do it."""
    settings = Settings(epochs=100, save_every_epochs=20, validate_every_epochs=20, rank=4)
    request = LaunchRequest(
        export=workspace.exports / "clinic-3",
        model=workspace.models / "tiny",
        settings=settings,
        preset="strong",
        device=device,
    )
    return jobs.launch(workspace, request)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_run_is_stopped_amid_its_steps_resumed_and_learns_what_one_learns_here(
    workspace: Workspace, address: str
):
    there = launched(workspace, f"ray:{address}")
    wait_until(lambda: state.read(there.folder).progress.step >= 12)
    jobs.stop(workspace, there.id)
    stopped = jobs.wait(workspace, there.id)
    assert stopped.state == "stopped"
    assert stopped.adapter
    assert 12 <= stopped.progress.step < 400
    jobs.resume(workspace, there.id)
    here = launched(workspace, "cpu")
    ended = [jobs.wait(workspace, run.id) for run in (there, here)]
    assert [run.state for run in ended] == ["finished", "finished"]
    assert ended[0].progress.resumed_step == stopped.progress.step
    told, alone = ([point.value for point in run.progress.losses] for run in ended)
    assert len(told) == 400
    assert told == pytest.approx(alone, rel=1e-3)
    brought, made = (load_file(run.folder / "adapter" / WEIGHTS) for run in ended)
    torch.testing.assert_close(brought, made, rtol=1e-2, atol=1e-4)


def test_a_run_that_is_stopped_while_its_job_loads_is_not_killed_but_saves(
    workspace: Workspace, address: str
):
    run = launched(workspace, f"ray:{address}")
    wait_until((run.folder / "cluster.json").exists)
    jobs.stop(workspace, run.id)
    stopped = jobs.wait(workspace, run.id)
    assert stopped.state == "stopped"
    assert stopped.adapter
