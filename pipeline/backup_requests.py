"""Backups that one process asks another for, which has the store open.

DuckDB admits one process, so a command cannot open what a dashboard holds. It leaves a request in
the workspace's `backups` folder; who holds the store writes a backup there and answers beside it.
"""

import logging
import os
import secrets
import time
from pathlib import Path

import psutil

from pipeline import backups
from pipeline.backups import Backup
from pipeline.errors import BadInput, PipelineError
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said
from pipeline.workspace import Workspace
from store.db import Database
from store.errors import StoreError, WorkspaceHeld

logger = logging.getLogger(__name__)

_PERIOD_S = 0.5
PATIENCE_S = 10.0
"""So long a request waits to be taken: by an older Graft, or another command, it never is."""
_REQUEST, _TAKEN, _REPLY = ".request", ".taken", ".reply"


class NotBackedUp(BadInput):
    """Who has the workspace open could not write the backup."""

    def __init__(self, reason: Said) -> None:
        self.reason = reason
        super().__init__("The process that has the workspace open wrote no backup: {reason}")


def answer(db: Database, workspace: Workspace) -> None:
    """Write the backups that others ask for, until the store is closed."""
    while not db.wait_for_closing(_PERIOD_S):
        for request in sorted(workspace.backups.glob(f"*{_REQUEST}")):
            try:
                _answer(db, workspace, request)
            except OSError:
                logger.exception("the request %s for a backup could not be answered", request)


def ask(workspace: Workspace, held: WorkspaceHeld, patience_s: float = PATIENCE_S) -> Backup:
    """Have who holds the workspace write a backup into its folder for them.

    Raises `held` where nobody takes the request, NotBackedUp where it could not be done.
    """
    workspace.backups.mkdir(exist_ok=True)
    request = workspace.backups / f"{os.getpid()}-{secrets.token_hex(4)}{_REQUEST}"
    request.touch()
    reply, until = request.with_suffix(_REPLY), time.monotonic() + patience_s
    try:
        while not reply.exists():
            if request.exists() and time.monotonic() > until:
                raise held
            if not request.exists() and _is_lost(request, held):
                raise NotBackedUp(Said("it ended or could not answer; see its log"))
            time.sleep(_PERIOD_S / 5)
        told = read_json(reply)
    finally:
        for left in (request, reply):
            left.unlink(missing_ok=True)
    if "message" in told:
        raise NotBackedUp(Said.from_json(told))
    return Backup(Path(str(told["file"])), int(str(told["pairs"])), int(str(told["bytes"])))


def _answer(db: Database, workspace: Workspace, request: Path) -> None:
    """Take a request and answer it; one whose process has gone is only cleared away."""
    pid = request.name.partition("-")[0]
    taken = request.rename(request.with_suffix(_TAKEN))
    try:
        if pid.isdecimal() and psutil.pid_exists(int(pid)):
            write_json(request.with_suffix(_REPLY), _answered(db, workspace))
    finally:
        taken.unlink()


def _is_lost(request: Path, held: WorkspaceHeld) -> bool:
    """Whether nobody works on a request that was taken, and no answer came."""
    if held.pid is not None and not psutil.pid_exists(held.pid):
        request.with_suffix(_TAKEN).unlink(missing_ok=True)
    return not request.with_suffix(_TAKEN).exists() and not request.with_suffix(_REPLY).exists()


def _answered(db: Database, workspace: Workspace) -> dict[str, object]:
    try:
        made = backups.backup_here(db, workspace)
    except (PipelineError, StoreError) as fact:
        said = fact.args[0] if fact.args else ""
        return (said if isinstance(said, Said) else Said(str(fact))).as_json()
    return {"file": str(made.file), "pairs": made.pairs, "bytes": made.size_bytes}
