"""What the verbs share that work on the pairs: the open database, and lists of names."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.cli.output import Context
from store.db import Database


@contextmanager
def opened(context: Context) -> Iterator[Database]:
    """Open the workspace's database for one verb."""
    db = Database.open(context.workspace().database)
    try:
        yield db
    finally:
        db.close()


def names(text: str) -> list[str]:
    """Split a list of dataset names."""
    return [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]
