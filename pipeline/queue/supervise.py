"""Starting what waits: `advance` for whoever comes by, and the small process that stays.

`python -m pipeline.queue.supervise WORKSPACE` runs once a machine and workspace (a lock says so),
starts what may start, has finished runs followed that asked for it, and ends itself when nothing is
left. Whoever enters something starts it, and so does the watcher of every job that ends, and every
opening of a dashboard or command line. It holds nothing in memory: killed at any instant, the next
one goes on.
"""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pipeline import disk, launches, processes
from pipeline.errors import PipelineError
from pipeline.queue import entry as entries
from pipeline.queue import following, line
from pipeline.queue.entry import locked
from pipeline.queue.line import Waiting
from pipeline.said import Said
from pipeline.train.devices import DeviceMissing, devices, environment, overlap
from pipeline.workspace import Workspace, numbered

logger = logging.getLogger(__name__)

POLL_S = 1.0
_TROUBLED_S = 15.0


def advance(workspace: Workspace) -> None:
    """Start what may start now, and see to it that a supervisor stays while something waits."""
    with locked(workspace):
        _start_all(workspace)
        if _is_needed(workspace):
            _start_supervisor(workspace)


def is_supervised(workspace: Workspace) -> bool:
    """Say whether a supervisor of this machine sees to the workspace's queue."""
    with locked(workspace), _lock_path(workspace).open("w") as lock:
        return not processes.try_lock(lock)


def ensure(workspace: Workspace) -> None:
    """Advance the queue if something waits in it; cheap where nothing does."""
    if _is_needed(workspace):
        advance(workspace)


def supervise(workspace: Workspace, inherited: int | None = None) -> None:
    """Start what may start until nothing waits; returns at once where another one does.

    The supervisor's lock is `inherited` as an open file from who started this process, or taken.
    """
    with contextlib.ExitStack() as held:
        if inherited is not None:
            held.enter_context(os.fdopen(inherited, "w"))
        else:
            with locked(workspace):
                lock = held.enter_context(_lock_path(workspace).open("w"))
                if not processes.try_lock(lock):
                    return
        followers: dict[Path, subprocess.Popen[bytes]] = {}
        while all(home.is_dir() for home in entries.homes(workspace).values()):
            pause_s = POLL_S
            try:
                with locked(workspace):
                    _start_all(workspace)
                    for folder in set(following.due(workspace)) - followers.keys():
                        followers[folder] = processes.detach([following.FOLLOWER, str(folder)])
                    is_following = any(each.poll() is None for each in followers.values())
                    if not is_following and not _is_needed(workspace, set(followers)):
                        # Given up under the queue's lock: who enters something after this finds
                        # no supervisor and starts one.
                        held.close()
                        return
            except (OSError, PipelineError):
                logger.exception("The queue could not be advanced")
                pause_s = _TROUBLED_S
            time.sleep(pause_s)


def _start_all(workspace: Workspace) -> None:
    for spent in _spent(workspace):
        spent.unlink(missing_ok=True)
    for each in line.read(workspace).waiting:
        if each.reason == "next" and _is_freed(workspace, each):
            _start(each)


def _told(reason: PipelineError | OSError) -> Said:
    return reason.said if isinstance(reason, PipelineError) else Said(str(reason))


def _start(each: Waiting) -> None:
    folder, entry = each.job.folder, each.entry
    try:
        device = devices().get(entry.worker.device)
        processes.start(folder, entry.worker, environment(device))
    except (PipelineError, OSError) as reason:
        logger.warning("%s %s could not be started: %s", each.job.kind, each.job.id, reason)
        # Without its device, or room on the disk, it waits until that is back.
        if not isinstance(reason, DeviceMissing) and disk.has_room(folder):
            entries.write(folder, replace(entry, fault=_told(reason)))
        return
    (folder / entries.NAME).unlink(missing_ok=True)
    logger.info("Started %s %s on %s", each.job.kind, each.job.id, entry.worker.device)


def _spent(workspace: Workspace) -> list[Path]:
    """The entries whose starter was killed between the start and taking them out."""
    found = []
    for home in entries.homes(workspace).values():
        for path in home.glob(f"*/{entries.NAME}"):
            entry, _ = entries.standing(path.parent)
            if entry is None and entries.read(path.parent):
                found.append(path)
    return found


def _is_freed(workspace: Workspace, each: Waiting) -> bool:
    """Whether no chat server is in the way; those that are and may be ended are asked to end."""
    if not each.entry.order.frees_device:
        return True
    is_free = True
    for number in numbered(workspace.servers):
        folder = workspace.servers / str(number)
        launch = launches.read_launch(folder)
        if launch is None or not overlap(launch.device, each.entry.worker.device):
            continue
        if launches.is_at_work(folder, launch):
            is_free = False
            if not (folder / "stop.request").exists():
                processes.request_stop(folder)
    return is_free


def _is_needed(workspace: Workspace, followed: Collection[Path] = ()) -> bool:
    """Whether something waits here, or a run is to be followed that was not."""
    host = socket.gethostname()
    found = (entry for _, entry in entries.entries(workspace))
    if any(entry.host == host and not entry.fault for entry in found):
        return True
    return following.left(workspace, followed)


def _start_supervisor(workspace: Workspace) -> None:
    """Start a supervisor where there is none; its lock is passed on, so there is never a second."""
    with _lock_path(workspace).open("w") as lock:
        if processes.try_lock(lock):
            number = lock.fileno()
            command = ["pipeline.queue.supervise", str(workspace.root), str(number)]
            processes.detach(command, keeps=(number,))


def _lock_path(workspace: Workspace) -> Path:
    return workspace.queue / f".supervisor.{socket.gethostname()}.lock"


def _main(workspace: Workspace, *inherited: str) -> None:
    log = RotatingFileHandler(workspace.queue / "supervisor.log", maxBytes=500_000, backupCount=1)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(process)d %(message)s", handlers=[log]
    )
    supervise(workspace, *map(int, inherited))


if __name__ == "__main__":
    _main(Workspace.at(Path(sys.argv[1])), *sys.argv[2:])
