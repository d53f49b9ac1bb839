"""A backup that another process asks for while this one has the store open."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import backup_requests
from pipeline.backup_requests import NotBackedUp
from pipeline.workspace import Workspace
from store.db import Database
from store.errors import WorkspaceHeld
from tests.dashboard import seed
from tests.small_disk import small_disk


@pytest.fixture
def workspace(db: Database) -> Workspace:
    """The workspace of the open store, with pairs in it."""
    seed.fill(db)
    return Workspace.at(db.path.parent)


def held(workspace: Workspace) -> WorkspaceHeld:
    return WorkspaceHeld(str(workspace.database), None, None, "")


def test_who_holds_the_store_writes_the_backup(db: Database, workspace: Workspace):
    db.beside(lambda: backup_requests.answer(db, workspace))
    made = backup_requests.ask(workspace, held(workspace))
    assert (made.pairs, made.size_bytes) == (67, made.file.stat().st_size)
    assert list(workspace.backups.iterdir()) == [made.file]


def test_a_request_that_nobody_takes_ends_with_who_holds_the_store(workspace: Workspace):
    fact = held(workspace)
    with pytest.raises(WorkspaceHeld) as told:
        backup_requests.ask(workspace, fact, patience_s=0.2)
    assert told.value is fact
    assert list(workspace.backups.iterdir()) == []


def test_why_no_backup_was_written_is_told_to_who_asked(db: Database, workspace: Workspace):
    with small_disk(workspace.backups):
        db.beside(lambda: backup_requests.answer(db, workspace))
        with pytest.raises(NotBackedUp, match="the disk is full"):
            backup_requests.ask(workspace, held(workspace))
        assert list(workspace.backups.iterdir()) == []


def test_what_a_killed_command_asked_for_is_only_cleared_away(db: Database, workspace: Workspace):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    workspace.backups.mkdir()
    left = workspace.backups / f"{gone.pid}-00.request"
    left.touch()
    db.beside(lambda: backup_requests.answer(db, workspace))
    made = backup_requests.ask(workspace, held(workspace))
    assert list(workspace.backups.iterdir()) == [made.file]


def test_closing_the_store_ends_the_answering(tmp_path: Path):
    db = Database.open(tmp_path / "graft.duckdb")
    workspace = Workspace.at(tmp_path)
    db.beside(lambda: backup_requests.answer(db, workspace))
    db.close()
    with pytest.raises(WorkspaceHeld):
        backup_requests.ask(workspace, held(workspace), patience_s=0.2)
