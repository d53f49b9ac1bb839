"""A real Ray cluster of one node trains a run in two processes: sent, streamed, brought back.

Ray has an environment of its own, with Graft's requirements and `ray[default,train]==2.60.0`: where
`GRAFT_RAY` names that environment's folder, the test starts a cluster there; else it is left out.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.train import config, state
from pipeline.workers import remote, train
from pipeline.workers.events import Events
from tests.workers.test_train import losses
from tests.workers.training import events_of, make_run, never

HOME = os.environ.get("GRAFT_RAY", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HOME, reason="GRAFT_RAY names no environment with ray"),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A cluster of two processors on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = Path(HOME) / "bin" / "ray"
    # The cluster's `python` is the one beside its `ray`.
    world = os.environ | {"PATH": f"{ray.parent}{os.pathsep}{os.environ['PATH']}"}
    head = ["--head", "--dashboard-host=127.0.0.1", f"--dashboard-port={port}", "--num-cpus=2"]
    quiet = ["--node-ip-address=127.0.0.1", "--include-dashboard=true", "--disable-usage-stats"]
    room = [f"--temp-dir={tmp_path / 'ray'}", "--object-store-memory=100000000"]
    subprocess.run([ray, "start", *head, *quiet, *room], env=world, check=True)
    yield f"127.0.0.1:{port}"
    subprocess.run([ray, "stop"], env=world, check=True)


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
