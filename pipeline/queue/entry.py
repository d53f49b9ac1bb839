"""An entry of the queue: `queue.json` in the folder that it will start a worker in.

There is no other list: what has this file waits. A launch names the ticket of the entry that it
was started for, so an entry that outlived its start is known to be spent.
"""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from pipeline.decode import decode
from pipeline.errors import PipelineError
from pipeline.jsonio import read_json, write_json
from pipeline.launches import Launch, Worker, read_launch
from pipeline.processes import try_lock
from pipeline.said import Said
from pipeline.workspace import Workspace, numbered_with

NAME = "queue.json"
Kind = Literal["run", "evaluation", "probe", "merge"]
Priority = Literal["high", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_PATIENCE_S = 30.0


class QueueHeld(PipelineError):
    """Another process has held the queue's lock for too long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            "The queue in {folder} has been held by another process for {seconds:.0f} s. "
            "Nothing was changed; try again.",
            seconds=_PATIENCE_S,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """How something wants to be queued."""

    priority: Priority = "normal"
    """`high` goes before all `normal` ones, `low` after them."""
    shares_device: bool = False
    """Start at once, beside what runs on the device."""
    frees_device: bool = False
    """End the chat servers on the device before it starts."""


IN_TURN = Order()


@dataclass(frozen=True, slots=True)
class Entry:
    """What waits in a folder for its device."""

    worker: Worker
    host: str
    """Devices are those of a machine, so an entry is started only on the one that made it."""
    place: int
    """Its place among all entries of its priority; lower is earlier."""
    order: Order
    entered_at: float
    """Seconds since the epoch; to be shown, never to be compared."""
    fault: Said | None = None
    """Why it could not be started, in words; it then waits no more."""

    @property
    def rank(self) -> tuple[int, int]:
        """What entries are sorted by."""
        return (PRIORITIES.index(self.order.priority), self.place)


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time change the queue; QueueHeld if another one holds it on and on.

    The lock goes with its process, however that ends.
    """
    workspace.queue.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _PATIENCE_S
    with (workspace.queue / ".lock").open("w") as lock:
        while not try_lock(lock):
            if time.monotonic() > deadline:
                raise QueueHeld(workspace.queue)
            time.sleep(0.01)
        yield


def enter(workspace: Workspace, folder: Path, worker: Worker, order: Order) -> None:
    """Put a folder at the end of the queue; call it while holding `locked`.

    Whoever makes a new folder writes its config after this, so no folder is whole without it.
    """
    ticket = secrets.token_hex(8)
    afterwards = ("pipeline.queue.supervise", str(workspace.root))
    made = Entry(
        worker=replace(worker, ticket=ticket, afterwards=afterwards),
        host=socket.gethostname(),
        place=1 + max((entry.place for _, entry in entries(workspace)), default=0),
        order=order,
        entered_at=time.time(),
    )
    write(folder, made)


def write(folder: Path, entry: Entry) -> None:
    """Write `queue.json`."""
    fault = entry.fault and entry.fault.as_json()
    write_json(folder / NAME, {**asdict(entry), "fault": fault})


def read(folder: Path) -> Entry | None:
    """Return the entry of a folder, spent or not; None where there is none that can be read."""
    try:
        return decode(Entry, read_json(folder / NAME))
    except (OSError, ValueError):
        return None


def standing(folder: Path) -> tuple[Entry | None, Launch | None]:
    """Return what waits in a folder, and its last launch; neither means it was never started.

    The entry is read first: it goes away only after the launch it turned into is there.
    """
    entry, launch = read(folder), read_launch(folder)
    if entry is None and launch is None:  # Entered and started between the two looks?
        entry, launch = read(folder), read_launch(folder)
    if entry and launch and launch.ticket == entry.worker.ticket:
        return None, launch
    return entry, launch


def entries(workspace: Workspace) -> list[tuple[Path, Entry]]:
    """Return the folders with an entry that is not spent, in order; faulty ones too."""
    found = []
    for home in homes(workspace).values():
        for folder in numbered_with(home, NAME):
            entry, _ = standing(folder)
            if entry and (folder / "config.json").is_file():
                found.append((folder, entry))
    return sorted(found, key=lambda each: (each[1].rank, each[0]))


def homes(workspace: Workspace) -> dict[Kind, Path]:
    """Return where the folders lie that may wait in the queue."""
    return {
        "run": workspace.runs,
        "evaluation": workspace.evaluations,
        "probe": workspace.probes,
        "merge": workspace.merges,
    }
