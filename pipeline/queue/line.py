"""Who works on which device and who waits for it, in order and with the reason.

One rule decides it, for the pages as for the supervisor. It starts nothing and changes nothing.
"""

import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline import disk, launches, processes
from pipeline.queue import entry as entries
from pipeline.queue.entry import Entry, Kind
from pipeline.train.cluster import PREFIX
from pipeline.train.devices import devices, parts
from pipeline.workspace import Workspace, numbered_with

Reason = Literal["next", "working", "waiting", "missing", "host", "disk"]
"""Why it does not run yet: it is about to be started; it is the first to wait for what works on
its device; something waits there before it; this machine has no such device; it waits for another
machine; it could start, but the disk is full."""


@dataclass(frozen=True, slots=True)
class Job:
    """A folder with a worker: a run, an evaluation, a probe, or a merge."""

    kind: Kind
    id: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Working:
    """A job that holds devices."""

    job: Job
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for its devices."""

    job: Job
    entry: Entry
    devices: tuple[str, ...]
    position: int
    """Its place on its device, from 1; the largest where it needs several."""
    reason: Reason
    behind: tuple[Job, ...] = ()
    """What comes right before it on its devices: what works there, or waits there too."""


@dataclass(frozen=True, slots=True)
class Line:
    """What works and what waits, in the order in which it will start."""

    working: tuple[Working, ...]
    waiting: tuple[Waiting, ...]

    def of(self, folder: Path) -> Waiting | None:
        """Return what waits in a folder; None where nothing does."""
        return next((each for each in self.waiting if each.job.folder == folder), None)


def read(workspace: Workspace) -> Line:
    """Return the queue as the folders tell it now."""
    standing, starting = [], []
    for folder, entry in entries.entries(workspace):
        if entry.fault:
            continue
        job = job_of(workspace, folder)
        # A starter that was killed may have got as far as the watcher: its launch is to come.
        is_starting = entry.host == socket.gethostname() and processes.is_held(folder)
        if is_starting:
            starting.append(Working(job, parts(entry.worker.device)))
        else:
            standing.append((job, entry))
    working = (*_working(workspace), *starting)
    present = {device.name for device in devices().found} if standing else set()
    # Whether a cluster is there its worker finds out, and says in words.
    named = {name for _, entry in standing for name in parts(entry.worker.device)}
    present |= {name for name in named if name.startswith(PREFIX)}
    has_room = disk.has_room(workspace.runs)
    return Line(working, decide(standing, working, present, has_room=has_room))


def decide(
    standing: list[tuple[Job, Entry]],
    working: tuple[Working, ...],
    present: Collection[str],
    *,
    has_room: bool = True,
) -> tuple[Waiting, ...]:
    """Say of each entry, in order, why it waits; `next` ones may start, all at once.

    One that needs several devices holds those that are free for itself, so it is not overtaken
    for ever.
    """
    taken = {name: (each.job, True) for each in working for name in each.devices}
    ahead: dict[str, int] = {}
    decided = []
    for job, entry in standing:
        names = parts(entry.worker.device)
        position = 1 + max(ahead.get(name, 0) for name in names)
        in_the_way = dict.fromkeys(taken[name] for name in names if name in taken)
        behind = tuple(dict.fromkeys(each for each, _ in in_the_way))
        reason: Reason = "next" if has_room else "disk"
        if entry.host != socket.gethostname():
            reason, behind = "host", ()
        elif not set(names) <= set(present):
            reason, behind = "missing", ()
        elif behind and not entry.order.shares_device:
            reason = "working" if all(works for _, works in in_the_way) else "waiting"
        if reason not in ("host", "missing"):
            for name in names:
                ahead[name] = position
                taken[name] = (job, False)
        decided.append(Waiting(job, entry, names, position, reason, behind))
    return tuple(decided)


def job_of(workspace: Workspace, folder: Path) -> Job:
    """Name the job of a folder."""
    kind = next(kind for kind, home in entries.homes(workspace).items() if home == folder.parent)
    return Job(kind, int(folder.name), folder)


def _working(workspace: Workspace) -> tuple[Working, ...]:
    found = []
    for kind, home in entries.homes(workspace).items():
        # With an exit it has ended, and its watcher has cleared what it left on the device.
        for folder in numbered_with(home, "launch.json", without="exit.json"):
            launch = launches.read_launch(folder)
            if launch and launch.device and launches.is_at_work(folder, launch):
                found.append(Working(Job(kind, int(folder.name), folder), parts(launch.device)))
    return tuple(found)
