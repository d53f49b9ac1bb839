"""A real Ray cluster of one node, for the tests that want one.

Ray has an environment of its own, with Graft's requirements and `ray[default,train]==2.60.0`: where
`GRAFT_RAY` names that environment's folder, the cluster is started there; else they are left out.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

HOME = os.environ.get("GRAFT_RAY", "")
TRIES, SETTLES_S = 3, 8.0
IS_THERE = pytest.mark.skipif(not HOME, reason="GRAFT_RAY names no environment with ray")


@contextmanager
def cluster() -> Iterator[str]:
    """A cluster of two processors on this machine, while this is open; its job server's address."""
    for _ in range(TRIES):  # Ray gives up where a process of it takes 30 s, as on a busy machine.
        with _node() as (node, at):
            if _stands(node, at):
                yield at
                return
    raise TimeoutError("the node did not start")


@contextmanager
def _node() -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """A node that is starting, with the address of its job server."""
    ports = _free_ports(3)
    ray = Path(HOME) / "bin" / "ray"
    head = ["--head", "--block", f"--port={ports[0]}", "--node-ip-address=127.0.0.1"]
    jobs = ["--dashboard-host=127.0.0.1", f"--dashboard-port={ports[1]}", "--disable-usage-stats"]
    # Sockets lie in the folder too, and their paths may not be long.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        room = [f"--temp-dir={folder}", "--object-store-memory=100000000", "--num-cpus=2"]
        node = subprocess.Popen(
            [ray, "start", *head, *jobs, *room, f"--ray-client-server-port={ports[2]}"],
            # The cluster's `python` is the one beside its `ray`.
            env=os.environ | {"PATH": f"{ray.parent}{os.pathsep}{os.environ['PATH']}"},
        )
        try:
            yield node, f"127.0.0.1:{ports[1]}"
        finally:
            node.terminate()
            node.wait(timeout=120)  # It ends its seven processes one after another.


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _stands(node: "subprocess.Popen[bytes]", address: str) -> bool:
    """Wait until the job server is there, and all that was started beside it too."""
    deadline = time.monotonic() + 120
    while not _answers(address):
        if node.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    try:
        node.wait(timeout=SETTLES_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://{address}/api/version", trust_env=False).is_success
    return False
