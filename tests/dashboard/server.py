"""The real server, started as a person starts it, but from another folder and on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/_stcore/health").text == "ok":
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the dashboard did not start: {self.log.read_text()}")


@contextmanager
def serve(folder: Path, *options: str, home: Path | None = None) -> Iterator[Server]:
    """Start the dashboard on the workspace `home` with `folder` as working directory."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    log = folder / f"server-{port}.log"
    environment = {**os.environ, "GRAFT_HOME": str(home or folder / "home")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options], cwd=folder, env=environment, stdout=output, stderr=output
        )
        try:
            yield Server(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
