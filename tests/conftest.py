"""Fixtures that more than one layer uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.chat import server
from pipeline.models import demo_model as demo
from pipeline.workspace import REPOSITORY, Workspace
from store.db import Database

# Where tests run side by side, two threads of a worker would spin while they wait for a core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# A busy machine is slow, not wrong.
settings.register_profile("graft", deadline=None)
settings.load_profile("graft")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "graft.duckdb")
    yield database
    database.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace whose serving processes are ended after the test."""
    made = Workspace.at(tmp_path / "ws")
    yield made
    for each in server.list_servers(made):
        server.stop(each.folder, timeout_s=15)


@pytest.fixture(scope="session")
def demo_model() -> Path:
    """The real demo model, made once for all runs of the tests; for tests marked slow."""
    cache = os.environ.get("GRAFT_MODEL_CACHE")
    return demo.ensure(Path(cache) if cache else REPOSITORY / "data" / "model-cache", print)
