"""Fixtures that more than one layer uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from store.db import Database

# A busy machine is slow, not wrong.
settings.register_profile("graft", deadline=None)
settings.load_profile("graft")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "graft.duckdb")
    yield database
    database.close()
