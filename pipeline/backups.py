"""Backups: one file that holds the whole database, and how it comes back.

What stands in folders of its own is not in it: exports, runs with their adapters, evaluations,
models, and the keys of external servers.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from pipeline.errors import BadInput
from pipeline.publish.write import sync, sync_folder
from pipeline.said import Said
from pipeline.workspace import Workspace
from store import backup as copies
from store import pairs
from store.db import Database
from store.errors import WorkspaceDamaged, WorkspaceTooNew
from store.types import PairFilter

SUFFIX = ".duckdb"
_NAME = "graft-{moment:%Y%m%d-%H%M%S}" + SUFFIX
_WRITING = threading.Lock()
"""Held while a backup is written: a second one would take the first one's half for a dead one's."""
_ASIDE = "graft-before-{moment:%Y%m%d-%H%M%S}" + SUFFIX


class FileTaken(BadInput):
    """There is a file of the backup's name already, and a backup never writes over one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__("{file} is there already and was left as it is. Give another name.")


class NoRoom(BadInput):
    """The disk has less room than the copy will take."""

    def __init__(self, folder: Path, needed_bytes: int, free_bytes: int) -> None:
        self.folder = str(folder)
        self.needed_bytes, self.free_bytes = needed_bytes, free_bytes
        super().__init__(
            "The copy takes {needed:,.0f} MB, and {folder} has {free:,.0f} MB free. Nothing was "
            "written. Make room, or use another disk.",
            needed=needed_bytes / 1e6,
            free=free_bytes / 1e6,
        )


class CannotWrite(BadInput):
    """The folder does not take the file: it is not there, read-only, or not ours to write."""

    def __init__(self, folder: Path, error: OSError) -> None:
        self.folder, self.reason = str(folder), error.strerror or str(error)
        super().__init__("{folder} cannot be written ({reason}). Nothing was changed.")


class HasPairs(BadInput):
    """The workspace has pairs, or a database that cannot be read, and nobody said to replace it."""

    def __init__(self, database: Path, pairs: int | None) -> None:
        self.database, self.pairs = database, pairs
        what = Said("a database that cannot be read")
        super().__init__(
            "{database.parent} holds {what}. Nothing was changed. With --replace the backup takes "
            "its place, and the database of now stays beside it under another name.",
            what=what if pairs is None else Said("{pairs:,} pairs", pairs=pairs),
        )


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made."""

    file: Path
    pairs: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that lies in the workspace's own folder."""

    file: Path
    size_bytes: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a workspace holds since a backup was brought back."""

    pairs: int
    aside: Path | None
    """The database of before; None where there was none."""


def backup(db: Database, target: Path, *, now: datetime | None = None) -> Backup:
    """Write the whole store, as it is at one instant, to the new file `target`.

    A folder gets a file named after the moment. Reading and writing go on meanwhile. Raises
    FileTaken, NoRoom, CannotWrite or CopyFailed; none leaves a part of a file.
    """
    target = new_file(target, now=now)
    with _WRITING, _hidden(target) as temporary:
        _refuse_no_room(copies.size_bytes(db), target.parent)
        count = copies.copy_to(db, temporary)
        _flush(temporary)
        _give_name(temporary, target)
    return Backup(target, count, target.stat().st_size)


def new_file(target: Path, *, now: datetime | None = None) -> Path:
    """Return the file that a backup to `target` would be; FileTaken where there is one."""
    target = target.expanduser().absolute()
    if target.is_dir():
        target /= _NAME.format(moment=now or datetime.now())
    if target.exists():
        raise FileTaken(target)
    return target


def move(made: Backup, target: Path) -> Backup:
    """Take a backup elsewhere, to another disk too; it is whole there before it is gone here.

    Raises FileTaken, NoRoom or CannotWrite; then it stays where it was made.
    """
    target = new_file(target)
    try:
        _give_name(made.file, target)
    except OSError:  # Another disk, or one without second names.
        with _hidden(target) as temporary:
            _refuse_no_room(made.size_bytes, target.parent)
            shutil.copyfile(made.file, temporary)
            _flush(temporary)
            _give_name(temporary, target)
    made.file.unlink()
    return Backup(target, made.pairs, made.size_bytes)


def backup_here(db: Database, workspace: Workspace) -> Backup:
    """Write a backup into the workspace's own folder for them."""
    try:
        workspace.backups.mkdir(exist_ok=True)
    except OSError as error:
        raise CannotWrite(workspace.backups, error) from error
    return backup(db, workspace.backups)


def listed(workspace: Workspace) -> tuple[Kept, ...]:
    """Return the backups in the workspace's own folder, the newest first."""
    found = [(file, file.stat()) for file in sorted(workspace.backups.glob(f"*{SUFFIX}"))]
    kept = [Kept(f, s.st_size, datetime.fromtimestamp(s.st_mtime, UTC)) for f, s in found]
    return tuple(sorted(kept, key=lambda each: each.at, reverse=True))


def recover(workspace: Workspace, file: Path, *, may_replace: bool = False) -> Recovered:
    """Let the workspace's database be what a backup holds; the one of before stays beside it.

    Raises WorkspaceHeld while somebody has the workspace open, HasPairs where there is something to
    lose and nobody said so, and NotABackup, WorkspaceTooNew, NoRoom, CannotWrite or CopyFailed,
    before anything was changed.
    """
    file, database = file.expanduser().absolute(), workspace.database
    if not file.is_file():
        raise BadInput("There is no file {file}.", file=file)
    is_there = database.exists()
    aside = database.with_name(_ASIDE.format(moment=datetime.now()))
    with _standing(database) as (standing, held):
        if held != 0 and not may_replace:
            raise HasPairs(database, held)
        with _hidden(database) as temporary:
            _refuse_no_room(file.stat().st_size, workspace.root)
            count = copies.copy_file(file, temporary)
            _flush(temporary)
            copies.put_in_place(temporary, database, standing, aside)
            sync_folder(workspace.root)
    if not is_there:
        aside.unlink()  # What opening it made, and nobody ever saw.
    return Recovered(count, aside if is_there else None)


@contextmanager
def _standing(database: Path) -> Iterator[tuple[Database | None, int | None]]:
    """Keep everybody else out of the database meanwhile; give it and how many pairs it has."""
    try:
        db = Database.open(database)
    except (WorkspaceDamaged, WorkspaceTooNew):
        yield None, None
        return
    try:
        yield db, pairs.count(db, matching=PairFilter())
    finally:
        db.close()


@contextmanager
def _hidden(target: Path) -> Iterator[Path]:
    """Give the name under which a file is written until it is whole, and clear it away."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _clear_halves(target.parent)
        yield temporary
    except OSError as error:
        raise CannotWrite(target.parent, error) from error
    finally:
        with suppress(OSError):  # What could not be written cannot be cleared away either.
            temporary.unlink(missing_ok=True)


def _clear_halves(folder: Path) -> None:
    """Remove what killed processes left; a half of our own is of a process with the same number."""
    for half in folder.glob(f".*{SUFFIX}.*.tmp"):
        pid = half.suffixes[-2].removeprefix(".")
        if pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            half.unlink(missing_ok=True)


def _refuse_no_room(needed_bytes: int, folder: Path) -> None:
    """Raise NoRoom before a disk is filled on which runs may be writing."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise NoRoom(folder, needed_bytes, free)


def _give_name(temporary: Path, target: Path) -> None:
    """Give a whole file its name; FileTaken where somebody took it meanwhile."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise FileTaken(target) from None
    sync_folder(target.parent)


def _flush(file: Path) -> None:
    with file.open("rb+") as opened:
        sync(opened)
