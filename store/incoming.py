"""Pairs coming in by the million: column by column, in one transaction that keeps nobody waiting.

The whole import is one action, all of it or nothing. Its ids are taken in short transactions of
their own, so that its long one only adds rows: edits by others go on meanwhile, and neither side
meets the other's changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import duckdb
import pyarrow

from store.db import Database, allocate
from store.errors import NameTaken
from store.types import Dataset, Role

COLUMNS = pyarrow.schema(
    [
        ("question", pyarrow.string()),
        ("answer", pyarrow.string()),
        ("context", pyarrow.string()),
        ("system", pyarrow.string()),
        ("history", pyarrow.string()),
        ("facts", pyarrow.list_(pyarrow.string())),
        ("source_row", pyarrow.int64()),
    ]
)
"""What `Intake.add` takes; history is JSON, [[question, answer], …]."""
KEYS = ("question_key", "answer_key")
"""Columns (uint64) that it takes where the keys of the texts were read."""


@dataclass(frozen=True, slots=True)
class NewDataset:
    """A dataset that an import makes."""

    name: str
    role: Role
    domain: str = ""
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class FileImport:
    """A file that was imported: what it was, and how it was read."""

    file: str
    size_bytes: int
    sha1: str
    mapping: str
    """How it was read, in words that are equal exactly for equal ways."""
    pair_count: int
    refused_count: int


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import of a file that still stands."""

    action_id: int
    dataset: str
    at: datetime
    file: FileImport


class Intake:
    """An import under way; made by `intake`."""

    def __init__(self, db: Database, cursor: duckdb.DuckDBPyConnection, dataset_id: int) -> None:
        self._db, self._cursor, self._dataset_id = db, cursor, dataset_id
        with db.write() as short:
            self.action_id = allocate(short, "action")
        self._count = 0

    def add(self, table: pyarrow.Table, source_file: str) -> None:
        """Add pairs, with the columns of `COLUMNS`, and of `KEYS` where they are known."""
        if not table.num_rows:
            return
        with self._db.write() as short:
            first = allocate(short, "pair", table.num_rows)
        ids = pyarrow.array(range(first, first + table.num_rows), pyarrow.int64())
        # Found by its name, not registered: DuckDB would hold a registered one until the commit.
        incoming = table.append_column("id", ids)  # noqa: F841
        keys = ", ".join(KEYS if KEYS[0] in table.column_names else ["NULL"] * len(KEYS))
        self._cursor.execute(
            f"""
            INSERT INTO pairs (id, dataset_id, question, answer, context, system, history, facts,
                status, duplicate_of, note, source_file, source_row, version, import_action_id,
                created_at, updated_at, {", ".join(KEYS)})
            SELECT id, ?, question, answer, context, system, history, facts,
                'unreviewed', NULL, '', ?, source_row, 1, ?, now(), now(), {keys}
            FROM incoming
            """,
            [self._dataset_id, source_file, self.action_id],
        )
        self._count += table.num_rows

    def finish(self, summary: str, files: tuple[FileImport, ...]) -> None:
        """Write down what was done; nothing is kept of an import that does not get here."""
        self._cursor.execute(
            "INSERT INTO actions (id, kind, summary, pair_count, made_at)"
            " VALUES (?, 'import', ?, ?, now())",
            [self.action_id, summary, self._count],
        )
        for each in files:
            self._cursor.execute(
                "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    self.action_id,
                    self._dataset_id,
                    each.file,
                    each.size_bytes,
                    each.sha1,
                    each.mapping,
                    each.pair_count,
                    each.refused_count,
                ],
            )


@contextmanager
def intake(db: Database, target: NewDataset | Dataset) -> Iterator[tuple[Intake, int]]:
    """Open an import into a dataset that exists or is made by it; give it and the dataset's id.

    NameTaken if the new dataset's name is not free. Whatever is raised inside leaves nothing.
    """
    if isinstance(target, Dataset):
        dataset_id = target.id
    else:
        with db.write() as short:
            _refuse_taken(short, target.name)
            dataset_id = allocate(short, "dataset")
    with db.append() as cursor:
        if isinstance(target, NewDataset):
            cursor.execute(
                "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, now())",
                [dataset_id, target.name, target.role, target.domain, target.trigger],
            )
        yield Intake(db, cursor, dataset_id), dataset_id
        if isinstance(target, NewDataset):
            with db.read() as now:
                _refuse_taken(now, target.name)


def known(db: Database, *, size_bytes: int) -> bool:
    """Whether a file of this size was imported before: if not, it need not be hashed to be new."""
    with db.read() as cursor:
        found = cursor.execute("SELECT 1 FROM imports WHERE size_bytes = ? LIMIT 1", [size_bytes])
        return found.fetchone() is not None


def of_file(db: Database, sha1: str) -> tuple[PastImport, ...]:
    """Return the imports of a file that still stand, the newest first."""
    with db.read() as cursor:
        rows = cursor.execute(
            """
            SELECT i.action_id, d.name, a.made_at, i.file, i.size_bytes, i.sha1, i.mapping,
                   i.pair_count, i.refused_count
            FROM imports i JOIN actions a ON a.id = i.action_id
                           JOIN datasets d ON d.id = i.dataset_id
            WHERE i.sha1 = ? AND a.undone_by IS NULL
            ORDER BY i.action_id DESC, i.file
            """,
            [sha1],
        ).fetchall()
    return tuple(
        PastImport(row[0], row[1], cast("datetime", row[2]), FileImport(*row[3:])) for row in rows
    )


def _refuse_taken(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    if cursor.execute("SELECT 1 FROM datasets WHERE name = ?", [name]).fetchone():
        raise NameTaken("dataset", name)
