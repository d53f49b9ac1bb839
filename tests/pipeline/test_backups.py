"""Backups: one new file, and a workspace that comes back from it."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipeline import backups
from pipeline.backups import CannotWrite, FileTaken, HasPairs, NoRoom
from pipeline.errors import BadInput
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from store.errors import NotABackup
from store.types import PairFilter
from tests.builders import new_pair
from tests.dashboard import seed
from tests.small_disk import small_disk

NOW = datetime(2031, 5, 6, 7, 8, 9)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "home")


@pytest.fixture
def saved(workspace: Workspace, tmp_path: Path) -> Path:
    """A backup of the 67 pairs that the workspace has."""
    db = Database.open(workspace.database)
    seed.fill(db)
    made = backups.backup(db, tmp_path / "saved.duckdb")
    db.close()
    return made.file


def count(database: Path) -> int:
    db = Database.open(database)
    found = pairs.count(db, matching=PairFilter())
    db.close()
    return found


def add_one(database: Path) -> None:
    db = Database.open(database)
    later = datasets.create(db, "later", "general")
    pairs.insert_many(db, later.id, [new_pair()], summary="later")
    db.close()


def files(folder: Path) -> set[str]:
    """The files of a folder that hold a database, or a part of one."""
    return {path.name for path in folder.iterdir() if ".duckdb" in path.name}


def test_a_backup_is_one_file_with_all_pairs(db: Database, tmp_path: Path):
    seed.fill(db)
    made = backups.backup(db, tmp_path / "saved.duckdb")
    assert (made.pairs, made.size_bytes) == (67, made.file.stat().st_size)
    assert files(tmp_path) == {"graft.duckdb", "graft.duckdb.wal", "saved.duckdb"}


def test_a_folder_gets_a_file_named_after_the_moment(db: Database, tmp_path: Path):
    (tmp_path / "nightly").mkdir()
    made = backups.backup(db, tmp_path / "nightly", now=NOW)
    assert made.file == tmp_path / "nightly" / "graft-20310506-070809.duckdb"


def test_a_file_that_is_there_is_never_written_over(db: Database, tmp_path: Path):
    (tmp_path / "mine.duckdb").write_bytes(b"mine")
    with pytest.raises(FileTaken, match=r"mine\.duckdb"):
        backups.backup(db, tmp_path / "mine.duckdb")
    assert (tmp_path / "mine.duckdb").read_bytes() == b"mine"


def test_what_killed_backups_left_is_cleared_away_and_what_a_live_one_writes_is_not(
    db: Database, tmp_path: Path
):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (os.getpid(), gone.pid, os.getppid()):
        (tmp_path / f".earlier.duckdb.{pid}.tmp").write_bytes(b"half")
    backups.backup(db, tmp_path / "saved.duckdb")
    assert [path.name for path in tmp_path.glob(".*.tmp")] == [
        f".earlier.duckdb.{os.getppid()}.tmp"
    ]


def test_a_folder_that_is_not_there_is_said_in_words(db: Database, tmp_path: Path):
    with pytest.raises(CannotWrite, match="nowhere"):
        backups.backup(db, tmp_path / "nowhere" / "saved.duckdb")


def test_a_workspace_keeps_its_backups_in_a_folder_newest_first(db: Database, workspace: Workspace):
    assert backups.listed(workspace) == ()
    first = backups.backup_here(db, workspace).file
    second = backups.backup(db, workspace.backups / "second.duckdb").file
    os.utime(first, (1, 1))
    assert [each.file for each in backups.listed(workspace)] == [second, first]


def test_a_backup_comes_back_on_a_new_machine(saved: Path, tmp_path: Path):
    new = Workspace.at(tmp_path / "elsewhere")
    done = backups.recover(new, saved)
    assert (done.pairs, done.aside) == (67, None)
    assert files(new.root) == {"graft.duckdb"}
    assert count(new.database) == 67
    assert count(saved) == 67


def test_pairs_are_replaced_only_on_purpose(workspace: Workspace, saved: Path):
    add_one(workspace.database)
    with pytest.raises(HasPairs, match="68 pairs"):
        backups.recover(workspace, saved)
    assert files(workspace.root) == {"graft.duckdb"}
    assert count(workspace.database) == 68


def test_the_database_of_before_stays_beside_the_one_that_came_back(
    workspace: Workspace, saved: Path
):
    add_one(workspace.database)
    done = backups.recover(workspace, saved, may_replace=True)
    assert done.aside is not None
    assert files(workspace.root) == {"graft.duckdb", done.aside.name}
    assert (count(workspace.database), count(done.aside)) == (67, 68)


def test_a_database_that_cannot_be_read_is_kept_and_replaced(workspace: Workspace, saved: Path):
    workspace.database.write_bytes(b"ruined" * 5000)
    with pytest.raises(HasPairs, match="cannot be read"):
        backups.recover(workspace, saved)
    done = backups.recover(workspace, saved, may_replace=True)
    assert done.aside is not None
    assert done.aside.read_bytes() == b"ruined" * 5000
    assert count(workspace.database) == 67


def test_nothing_is_changed_by_a_file_that_is_no_backup(workspace: Workspace, saved: Path):
    saved.write_bytes(b"ruined" * 5000)
    with pytest.raises(NotABackup):
        backups.recover(workspace, saved, may_replace=True)
    with pytest.raises(BadInput, match="no file"):
        backups.recover(workspace, saved.with_name("gone.duckdb"))
    assert files(workspace.root) == {"graft.duckdb"}
    assert count(workspace.database) == 67


def test_a_disk_with_too_little_room_is_not_filled(db: Database, tmp_path: Path):
    seed.fill(db)
    with db.read() as cursor:
        cursor.execute("CHECKPOINT")
    folder = tmp_path / "small"
    with small_disk(folder):
        with pytest.raises(NoRoom, match="1 MB free"):
            backups.backup(db, folder / "saved.duckdb")
        assert list(folder.iterdir()) == []
