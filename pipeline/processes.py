"""Start and stop a worker process. Knows folders and processes, not what a worker does.

A worker runs under a small watcher (`pipeline.watch`) in a session of its own: the watcher writes
`launch.json`, waits, and writes `exit.json`, so that the signal which ended a worker is known even
when the dashboard that asked for it is long gone.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from pipeline.errors import PipelineError
from pipeline.launches import (
    DISCARD,
    STOP,
    Exit,
    Launch,
    Worker,
    boot_id,
    is_alive,
    is_at_work,
    is_settling,
    is_watched,
    read_exit,
    read_launch,
    write_launch,
)
from pipeline.said import Said
from pipeline.workspace import REPOSITORY

__all__ = [
    "Exit",
    "Launch",
    "Worker",
    "boot_id",
    "is_alive",
    "is_at_work",
    "is_settling",
    "read_exit",
    "read_launch",
    "write_launch",
]

_LOCK = ".start.lock"
_LEFT = ("launch.json", "exit.json", STOP, DISCARD, "pause.request", "result.json")
"""What an earlier start leaves in a folder and a new one takes away."""
_START_TIMEOUT_S = 20.0
_SETTLE_S = 5.0
_LOG_TAIL_BYTES = 16_384
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    # Models are local folders; nothing a worker loads may ask a hub.
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_children: list["subprocess.Popen[bytes]"] = []
"""What this process started: held until they end, so that none is left a zombie."""


class WorkerNotStarted(PipelineError):
    """The watcher of a worker ended, or said nothing, before the worker ran."""

    def __init__(self, folder: Path, reason: Said) -> None:
        self.folder, self.reason = folder, reason
        super().__init__("The worker for {folder} could not be started: {reason}.")


class AlreadyRunning(PipelineError):
    """A worker is at work in the folder already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__("A process is at work in {folder} already. Stop it, or wait for it.")


def start(folder: Path, worker: Worker, environment: Mapping[str, str] | None = None) -> Launch:
    """Run a worker in a folder, detached from this process.

    `environment` is set on top of this process's own. Returns once the worker runs;
    WorkerNotStarted says why not, AlreadyRunning that one is at work there. Traces of an
    earlier launch in the folder are taken away first.
    """
    folder = folder.resolve()
    with _only_starter(folder) as lock:
        if is_alive(read_launch(folder)):
            raise AlreadyRunning(folder)
        for name in _LEFT:
            (folder / name).unlink(missing_ok=True)
        return _start(folder, worker, lock, environment or {})


def _start(folder: Path, worker: Worker, lock: int, environment: Mapping[str, str]) -> Launch:
    command = ["pipeline.watch", str(folder), json.dumps(asdict(worker))]
    with (folder / worker.log_name).open("ab") as log:
        watcher = detach(command, log, environment={**_ENVIRONMENT, **environment}, keeps=(lock,))
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if launch := read_launch(folder):
            return launch
        if watcher.poll() is not None:
            raise WorkerNotStarted(
                folder, Said("its watcher ended with {code}", code=watcher.returncode)
            )
        time.sleep(0.01)
    watcher.kill()
    watcher.wait()
    if launch := read_launch(folder):
        return launch  # It was recorded at the last moment.
    raise WorkerNotStarted(
        folder, Said("nothing happened for {seconds:.0f} s", seconds=_START_TIMEOUT_S)
    )


def detach(
    command: list[str],
    log: IO[bytes] | int = subprocess.DEVNULL,
    *,
    environment: Mapping[str, str] | None = None,
    keeps: tuple[int, ...] = (),
) -> "subprocess.Popen[bytes]":
    """Run `python -m command…` in a session of its own; `keeps` are open files it holds too.

    `log` takes its stdout and stderr.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        pass_fds=keeps,
    )
    _children[:] = [each for each in _children if each.poll() is None]
    _children.append(child)
    return child


def try_lock(file: IO[str]) -> bool:
    """Take the lock of an open file if nobody holds it; says whether it was taken."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _only_starter(folder: Path) -> Iterator[int]:
    """Let one process at a time start something in a folder.

    The watcher holds the lock on as long as it lives. So a starter that is killed before
    `launch.json` is there leaves a folder that is known to be started already.
    """
    deadline = time.monotonic() + _SETTLE_S
    with (folder / _LOCK).open("w") as lock:
        while not try_lock(lock):
            if is_alive(read_launch(folder)) or time.monotonic() > deadline:
                raise AlreadyRunning(folder)
            time.sleep(0.02)
        yield lock.fileno()


def is_held(folder: Path) -> bool:
    """Say whether something is being started in a folder or is watched there."""
    try:
        with (folder / _LOCK).open("r+") as lock:
            return not try_lock(lock)
    except FileNotFoundError:
        return False


def request_stop(folder: Path) -> bool:
    """Ask the worker of a folder to save and end; False where none runs.

    Its watcher turns to SIGTERM after the grace period and to SIGKILL after that. Where the
    watcher is gone, SIGTERM is sent at once, which workers take as the same request, and SIGKILL
    when asked again.
    """
    launch = read_launch(folder)
    if launch is None or not is_alive(launch):
        return False
    request = folder / STOP
    is_asked_again = request.exists()
    request.touch()
    if not is_watched(launch):
        send_signal(launch, signal.SIGKILL if is_asked_again else signal.SIGTERM)
    return True


def request_discard(folder: Path) -> bool:
    """Ask for the worker of a folder to be ended without saving; False where none runs.

    Its watcher sends SIGKILL to its group, all of its processes; where that is gone it is sent
    from here.
    """
    launch = read_launch(folder)
    if launch is None or not is_alive(launch):
        return False
    (folder / DISCARD).touch()
    if not is_watched(launch):
        send_signal(launch, signal.SIGKILL)
    return True


def send_signal(launch: Launch, number: signal.Signals) -> bool:
    """Send a signal to the process group of a recorded worker; False where it no longer runs."""
    if launch.pid < 2 or launch.pgid < 2 or not is_alive(launch):
        return False
    try:
        os.killpg(launch.pgid, number)
    except ProcessLookupError:
        return False
    return True


def log_tail(path: Path, lines: int = 20) -> tuple[str, ...]:
    """Return the last lines of a worker's log, none where there is no log."""
    if not path.is_file():
        return ()
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - _LOG_TAIL_BYTES, 0))
        text = file.read().decode("utf-8", errors="replace")
    # A progress bar rewrites its line with \r: what it said last is what counts.
    whole = [line.rsplit("\r", 1)[-1] for line in text.split("\n")]
    return tuple([line for line in whole if line.strip()][-lines:])
