"""Start, recognise and stop a worker process. Knows folders and processes, not what a worker does.

A worker runs under a small watcher (`pipeline.watch`) in a session of its own: the watcher writes
`launch.json`, waits, and writes `exit.json`, so that the signal which ended a worker is known even
when the dashboard that asked for it is long gone.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.errors import PipelineError
from pipeline.jsonio import read_json, write_json
from pipeline.workspace import REPOSITORY

CREATE_TIME_TOLERANCE_S = 1.0
_START_TIMEOUT_S = 20.0
_LOG_TAIL_BYTES = 16_384
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    # Models are local folders; nothing a worker loads may ask a hub.
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_watchers: list["subprocess.Popen[bytes]"] = []
"""Watchers that this process started: held until they end, so that none is left a zombie."""


class WorkerNotStarted(PipelineError):
    """The watcher of a worker ended, or said nothing, before the worker ran."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The worker for {folder} could not be started: {reason}.")
        self.folder, self.reason = folder, reason


class AlreadyRunning(PipelineError):
    """A worker is at work in the folder already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"A process is at work in {folder} already. Stop it, or wait for it.")
        self.folder = folder


@dataclass(frozen=True, slots=True)
class Launch:
    """The process that works in a folder, as `launch.json` records it."""

    argv: tuple[str, ...]
    pid: int
    create_time: float
    """Seconds since the epoch, from the operating system: tells a reused pid from the real one."""
    pgid: int
    boot_id: str
    host: str
    started_at: float
    watcher_pid: int
    watcher_create_time: float


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended; exactly one of the two is set."""

    code: int | None
    signal: int | None

    @property
    def signal_name(self) -> str | None:
        """The signal's name, such as SIGKILL."""
        return signal.Signals(self.signal).name if self.signal else None


def start(
    folder: Path,
    module: str,
    *,
    environment: Mapping[str, str] | None = None,
    log_name: str = "worker.log",
    grace_s: float = 30.0,
) -> Launch:
    """Run `python -m module folder` detached from this process, logging to `folder/log_name`.

    `environment` is set on top of this process's own. Returns once the worker runs;
    WorkerNotStarted says why not, AlreadyRunning that a worker is at work there. Traces of an
    earlier launch in the folder are taken away first.
    """
    folder = folder.resolve()
    with _only_starter(folder):
        if is_alive(read_launch(folder)):
            raise AlreadyRunning(folder)
        for name in ("launch.json", "exit.json", "stop.request"):
            (folder / name).unlink(missing_ok=True)
        return _start(folder, [module, str(grace_s)], folder / log_name, environment or {})


def _start(
    folder: Path, arguments: list[str], log_path: Path, environment: Mapping[str, str]
) -> Launch:
    command = [sys.executable, "-m", "pipeline.watch", str(folder), *arguments]
    with log_path.open("ab") as log:
        watcher = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **_ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _watchers[:] = [each for each in _watchers if each.poll() is None]
    _watchers.append(watcher)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        launch = read_launch(folder)
        if launch:
            return launch
        if watcher.poll() is not None:
            raise WorkerNotStarted(folder, f"its watcher ended with {watcher.returncode}")
        time.sleep(0.01)
    watcher.kill()
    raise WorkerNotStarted(folder, f"nothing happened for {_START_TIMEOUT_S:.0f} s")


@contextmanager
def _only_starter(folder: Path) -> Iterator[None]:
    """Let one process at a time start something in a folder."""
    with (folder / ".start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def describe(process: "subprocess.Popen[bytes]", argv: list[str]) -> Launch:
    """Describe a child that was just started in a session of its own."""
    return Launch(
        argv=tuple(argv),
        pid=process.pid,
        create_time=psutil.Process(process.pid).create_time(),
        pgid=process.pid,
        boot_id=boot_id(),
        host=socket.gethostname(),
        started_at=time.time(),
        watcher_pid=os.getpid(),
        watcher_create_time=psutil.Process().create_time(),
    )


def write_launch(folder: Path, launch: Launch) -> None:
    """Write `launch.json`."""
    value = {name: getattr(launch, name) for name in Launch.__dataclass_fields__}
    write_json(folder / "launch.json", value)


def read_launch(folder: Path) -> Launch | None:
    """Return the recorded launch, None where there is none or it is unreadable."""
    try:
        value = read_json(folder / "launch.json")
        return Launch(
            argv=tuple(str(part) for part in _list(value["argv"])),
            pid=int(str(value["pid"])),
            create_time=float(str(value["create_time"])),
            pgid=int(str(value["pgid"])),
            boot_id=str(value["boot_id"]),
            host=str(value["host"]),
            started_at=float(str(value["started_at"])),
            watcher_pid=int(str(value["watcher_pid"])),
            watcher_create_time=float(str(value["watcher_create_time"])),
        )
    except (OSError, ValueError, KeyError):
        return None


def read_exit(folder: Path) -> Exit | None:
    """Return how the worker ended, None while it runs or where its watcher was killed too."""
    try:
        value = read_json(folder / "exit.json")
    except (OSError, ValueError):
        return None
    code, number = value.get("code"), value.get("signal")
    return Exit(
        code if isinstance(code, int) else None, number if isinstance(number, int) else None
    )


def is_alive(launch: Launch | None) -> bool:
    """Say whether the recorded process itself still runs: not a zombie, not a reused pid.

    A process of another host or of an earlier boot counts as gone.
    """
    if launch is None or launch.host != socket.gethostname() or launch.boot_id != boot_id():
        return False
    return _is_process(launch.pid, launch.create_time)


def is_settling(folder: Path, launch: Launch) -> bool:
    """Say whether a worker has just ended and its watcher has yet to record how."""
    is_watched = _is_process(launch.watcher_pid, launch.watcher_create_time)
    return is_watched and not (folder / "exit.json").exists()


def _is_process(pid: int, create_time: float) -> bool:
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - create_time) <= CREATE_TIME_TOLERANCE_S
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False  # AccessDenied: another user's process, so not a worker of ours.


def request_stop(folder: Path) -> bool:
    """Ask the worker of a folder to save and end; False where none runs.

    Its watcher turns to SIGTERM after the grace period and to SIGKILL after that. Where the
    watcher is gone, SIGTERM is sent at once, which workers take as the same request, and SIGKILL
    when asked again.
    """
    launch = read_launch(folder)
    if launch is None or not is_alive(launch):
        return False
    request = folder / "stop.request"
    is_asked_again = request.exists()
    request.touch()
    if not _is_process(launch.watcher_pid, launch.watcher_create_time):
        send_signal(launch, signal.SIGKILL if is_asked_again else signal.SIGTERM)
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
    if not path.exists():
        return ()
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - _LOG_TAIL_BYTES, 0))
        text = file.read().decode("utf-8", errors="replace")
    # A progress bar rewrites its line with \r: what it said last is what counts.
    whole = [line.rsplit("\r", 1)[-1] for line in text.split("\n")]
    return tuple([line for line in whole if line.strip()][-lines:])


def boot_id() -> str:
    """Return what tells this boot of this machine from another."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(int(psutil.boot_time()))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    return value
