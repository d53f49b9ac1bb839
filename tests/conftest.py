"""Fixtures that more than one layer uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.models import demo_model as demo
from pipeline.workspace import REPOSITORY
from store.db import Database

# A busy machine is slow, not wrong.
settings.register_profile("graft", deadline=None)
settings.load_profile("graft")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "graft.duckdb")
    yield database
    database.close()


@pytest.fixture(scope="session")
def demo_model() -> Path:
    """The real demo model, made once for all runs of the tests; for tests marked slow."""
    cache = os.environ.get("GRAFT_MODEL_CACHE")
    return demo.ensure(Path(cache) if cache else REPOSITORY / "data" / "model-cache", print)
