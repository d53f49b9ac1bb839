"""A real Ray cluster of one node trains a run in two processes: sent, streamed, brought back.

Ray has an environment of its own, with Graft's requirements and `ray[default,train]==2.60.0`: where
`GRAFT_RAY` names that environment's folder, the test starts a cluster there; else it is left out.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import httpx
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
def address() -> Iterator[str]:
    """A cluster of two processors on this machine."""
    ports = _free_ports(2)
    ray = Path(HOME) / "bin" / "ray"
    head = ["--head", "--block", f"--port={ports[0]}", "--node-ip-address=127.0.0.1"]
    jobs = ["--dashboard-host=127.0.0.1", f"--dashboard-port={ports[1]}", "--disable-usage-stats"]
    # Sockets lie in the folder too, and their paths may not be long.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        room = [f"--temp-dir={folder}", "--object-store-memory=100000000", "--num-cpus=2"]
        node = subprocess.Popen(
            [ray, "start", *head, *jobs, *room],
            # The cluster's `python` is the one beside its `ray`.
            env=os.environ | {"PATH": f"{ray.parent}{os.pathsep}{os.environ['PATH']}"},
        )
        try:
            yield _answering(f"127.0.0.1:{ports[1]}")
        finally:
            node.terminate()
            node.wait(timeout=120)  # It ends its seven processes one after another.


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _answering(address: str) -> str:
    """Wait until the cluster's job server is there."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://{address}/api/version", trust_env=False).is_success:
                return address
        time.sleep(0.5)
    raise TimeoutError(address)


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
