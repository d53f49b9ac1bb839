"""The records of a worker process: `launch.json`, `exit.json`, events, and whether it still runs.

A process is known by its pid, when it began, the boot and the host. It starts and signals nothing.
"""

import os
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

from pipeline.decode import decode
from pipeline.errors import DoesNotHold
from pipeline.jsonio import read_json, read_lines, write_json

CREATE_TIME_TOLERANCE_S = 1.0
STOP, DISCARD = "stop.request", "discard.request"
"""The files in a worker's folder that ask it to save and end, and to end without saving."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What runs in a folder: `python -m module FOLDER`."""

    module: str
    log_name: str = "worker.log"
    """The file in the folder that takes its stdout and stderr."""
    grace_s: float = 30.0
    """How long it may take to heed a stop request before it is sent SIGTERM."""
    parting_s: float = 0.0
    """How long it may take to end once nothing is to be saved, before it is sent SIGKILL."""
    device: str = ""
    """What it computes on, as `pipeline.train.devices` names it; empty: nothing to wait for."""
    ticket: str = ""
    """Which entry of the queue it was started for."""
    afterwards: tuple[str, ...] = ()
    """What `python -m` is given, on its own, once the worker has ended; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The process that works in a folder, as `launch.json` records it."""

    argv: tuple[str, ...]
    pid: int
    create_time: float
    """Seconds since the epoch, from the operating system."""
    pgid: int
    boot_id: str
    host: str
    started_at: float
    watcher_pid: int
    watcher_create_time: float
    start_ticks: int = 0
    """When it began, counted from the boot: tells a reused pid from the real one even where the
    clock was set meanwhile. 0 where the system does not say."""
    watcher_start_ticks: int = 0
    events_offset: int = 0
    """How long `events.jsonl` was at the start: what comes after is of this process."""
    device: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended; exactly one of the two is set."""

    code: int | None
    signal: int | None

    @property
    def signal_name(self) -> str | None:
        """The signal's name, such as SIGKILL."""
        return signal.Signals(self.signal).name if self.signal else None


def describe(
    process: "subprocess.Popen[bytes]", argv: list[str], folder: Path, worker: Worker
) -> Launch:
    """Describe a child that was just started in a session of its own, to work in `folder`."""
    events = folder / "events.jsonl"
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
        start_ticks=start_ticks(process.pid),
        watcher_start_ticks=start_ticks(os.getpid()),
        events_offset=events.stat().st_size if events.exists() else 0,
        device=worker.device,
        ticket=worker.ticket,
    )


def write_launch(folder: Path, launch: Launch) -> None:
    """Write `launch.json`."""
    write_json(folder / "launch.json", asdict(launch))


def read_launch(folder: Path) -> Launch | None:
    """Return the recorded launch, None where there is none or it is unreadable."""
    known = {field.name for field in fields(Launch)}
    try:
        value = read_json(folder / "launch.json")
        return decode(Launch, {name: each for name, each in value.items() if name in known})
    except (OSError, ValueError):
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


def read_events(
    path: Path, offset: int = 0, *, newest: int | None = None, of: bytes = b""
) -> tuple[list[dict[str, object]], int]:
    """Return what a worker told, as `read_lines` does; DoesNotHold names a damaged line."""
    try:
        return read_lines(path, offset, newest=newest, of=of)
    except ValueError as error:
        raise DoesNotHold(
            "{path} is damaged: {error}. Delete that line; the others tell the rest.",
            path=path,
            error=error,
        ) from error


def is_here(launch: Launch) -> bool:
    """Say whether a launch was of this host and this boot; no other process can be looked at."""
    return launch.host == socket.gethostname() and launch.boot_id == boot_id()


def is_alive(launch: Launch | None) -> bool:
    """Say whether the recorded process itself still runs: not a zombie, not a reused pid.

    A process of another host or of an earlier boot counts as gone.
    """
    if launch is None or not is_here(launch):
        return False
    return _is_process(launch.pid, launch.create_time, launch.start_ticks)


def is_watched(launch: Launch) -> bool:
    """Say whether the watcher of a recorded process still runs."""
    if not is_here(launch):
        return False
    return _is_process(launch.watcher_pid, launch.watcher_create_time, launch.watcher_start_ticks)


def is_settling(folder: Path, launch: Launch) -> bool:
    """Say whether a worker has just ended and its watcher has yet to record how."""
    return is_watched(launch) and not (folder / "exit.json").exists()


def is_at_work(folder: Path, launch: Launch | None) -> bool:
    """Say whether a worker runs, or has just ended and left things its watcher still clears."""
    return launch is not None and (is_alive(launch) or is_settling(folder, launch))


def start_ticks(pid: int) -> int:
    """Return when a process began, in clock ticks since the boot; 0 where the system is silent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def boot_id() -> str:
    """Return what tells this boot of this machine from another."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(int(psutil.boot_time()))


def _is_process(pid: int, create_time: float, ticks: int) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if ticks:
            return start_ticks(pid) == ticks
        return bool(abs(process.create_time() - create_time) <= CREATE_TIME_TOLERANCE_S)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False  # AccessDenied: another user's process, so not a worker of ours.
