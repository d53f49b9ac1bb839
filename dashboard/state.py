"""What all sessions of the process share: the workspace and its open store."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import streamlit as st

from pipeline import backup_requests
from pipeline.evaluate import jobs as evaluations
from pipeline.probe import settle
from pipeline.train import jobs as runs
from pipeline.train import removal
from pipeline.workspace import Workspace
from store.db import Database

LOG_NAME = "dashboard.log"


def workspace() -> Workspace:
    """Return the workspace that $GRAFT_HOME names, else data/workspace."""
    return Workspace.at()


def store() -> Database:
    """Return the open store; raises WorkspaceHeld while another process has it."""
    return open_store(str(workspace().database))


@st.cache_resource(show_spinner=False, on_release=lambda database: database.close())
def open_store(path: str) -> Database:
    """Open the store once a process; a failure is not kept, so the next run tries again.

    Runs and evaluations that the command line made meanwhile are indexed, and what bases answered
    is taken in. As long as it is open, the command line can ask for backups of it.
    """
    database = Database.open(Path(path))
    try:
        _take_in(database, Workspace(Path(path).parent))
    except BaseException:
        database.close()
        raise
    return database


def _take_in(database: Database, home: Workspace) -> None:
    runs.register(database, home)
    evaluations.register(database, home)
    settle.take_finished(database, home)
    removal.sweep(home.runs)
    database.beside(lambda: backup_requests.answer(database, home))


@st.cache_resource(show_spinner=False)
def log_to(folder: str) -> Path:
    """Send the process's log to a file in the workspace too, and return its path."""
    path = Path(folder) / LOG_NAME
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("dashboard", "pipeline", "store"):
        logging.getLogger(name).addHandler(handler)
    return path
