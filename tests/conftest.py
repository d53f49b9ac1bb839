"""Fixtures that more than one layer uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.db import Database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "graft.duckdb")
    yield database
    database.close()
