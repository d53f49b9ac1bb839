"""Changing the queue by hand: moving an entry, taking one out."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from pipeline import processes
from pipeline.errors import DoesNotHold
from pipeline.queue import entry as entries
from pipeline.queue.entry import Entry, locked
from pipeline.train.devices import overlap
from pipeline.workspace import Workspace

Move = Literal["up", "down", "first", "last"]
MOVES: tuple[Move, ...] = get_args(Move)


class NotWaiting(DoesNotHold):
    """The folder waits no more: it was started, or taken out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__("{folder.parent.name} {folder.name} does not wait in the queue.")


def move(workspace: Workspace, folder: Path, to: Move) -> None:
    """Move an entry among those that need its devices; NotWaiting if it waits no more.

    It takes the priority of the entry that it passes.
    """
    with locked(workspace):
        found = entries.entries(workspace)
        mine = next((entry for path, entry in found if path == folder), None)
        if mine is None or mine.fault or processes.is_held(folder):
            raise NotWaiting(folder)
        rivals = [
            (path, entry)
            for path, entry in found
            if not entry.fault
            and entry.host == mine.host
            and overlap(entry.worker.device, mine.worker.device)
        ]
        at = next(i for i, (path, _) in enumerate(rivals) if path == folder)
        if to in ("up", "down"):
            other = at - 1 if to == "up" else at + 1
            if 0 <= other < len(rivals):
                _swap((folder, mine), rivals[other])
        elif rivals[0 if to == "first" else -1][0] != folder:
            places = [entry.place for _, entry in found]
            end = rivals[0] if to == "first" else rivals[-1]
            place = min(places) - 1 if to == "first" else max(places) + 1
            entries.write(folder, _placed(mine, end[1], place))


def cancel(workspace: Workspace, folder: Path) -> bool:
    """Take an entry out of the queue; False if none waits there.

    The folder stays. One that was never started is then `cancelled`; one that waited to go on is
    again what it was before.
    """
    with locked(workspace):
        entry, _ = entries.standing(folder)
        if entry is None:
            return False
        if processes.is_held(folder):
            # Its watcher is under way already: the worker ends as soon as it begins.
            (folder / "stop.request").touch()
        (folder / entries.NAME).unlink(missing_ok=True)
        return True


def _swap(one: tuple[Path, Entry], other: tuple[Path, Entry]) -> None:
    entries.write(one[0], _placed(one[1], other[1], other[1].place))
    entries.write(other[0], _placed(other[1], one[1], one[1].place))


def _placed(entry: Entry, like: Entry, place: int) -> Entry:
    order = replace(entry.order, priority=like.order.priority)
    return replace(entry, place=place, order=order)
