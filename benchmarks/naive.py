"""The same questions as a page would put them without further thought, to the same workspace."""

import time
from pathlib import Path

from store.db import Database

Times = dict[str, list[float]]
PAGE_SIZE = 15
_ROWS = "SELECT * FROM pairs WHERE status = 'unreviewed' ORDER BY id LIMIT ? OFFSET ?"
_COUNT = "SELECT count(*) FROM pairs WHERE status = 'unreviewed'"


def asked(path: str, words: list[str], rounds: int) -> dict[str, object]:
    """Return the milliseconds of each kind of question, and what the searches counted."""
    db = Database.open(Path(path))
    times: Times = {}
    counts: dict[str, int] = {}
    unreviewed = _one(db, times, "count", _COUNT, [])
    for n in range(rounds):
        depth = unreviewed * (n + 1) // (rounds + 1)
        _page(db, times, "shallow page", 15 * n)
        _page(db, times, "deep page", depth)
    for word in words:
        counts[word] = _one(
            db,
            times,
            "search",
            "SELECT count(*) FROM pairs WHERE contains(lower(question), lower(?))"
            " OR contains(lower(answer), lower(?))",
            [word, word],
        )
        like = [f"%{word}%"] * 2
        query = "SELECT count(*) FROM pairs WHERE question ILIKE ? OR answer ILIKE ?"
        _one(db, times, "search by ILIKE", query, like)
    _with_index(db, times)
    db.close()
    return {"times": times, "counts": counts}


def _page(db: Database, times: Times, name: str, offset: int) -> None:
    began = time.perf_counter()
    with db.read() as cursor:
        cursor.execute(_COUNT).fetchone()
        cursor.execute(_ROWS, [PAGE_SIZE, offset]).fetchall()
    times.setdefault(name, []).append((time.perf_counter() - began) * 1000)


def _one(db: Database, times: Times, name: str, query: str, values: list[str]) -> int:
    began = time.perf_counter()
    with db.read() as cursor:
        row = cursor.execute(query, values).fetchone()
    times.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    return int(row[0]) if row else 0


def _with_index(db: Database, times: Times) -> None:
    """Change the batch in a copy of the table that has the index one would put on its ids."""
    with db.write() as cursor:
        cursor.execute("CREATE TABLE indexed AS SELECT * FROM pairs")
        cursor.execute("CREATE UNIQUE INDEX indexed_id ON indexed (id)")
    # An indexed list column makes an update a deletion and an insertion, as an edit of tags is.
    for status in ("accepted", "rejected"):
        began = time.perf_counter()
        with db.write() as cursor:
            cursor.execute(
                "UPDATE indexed SET status = ?, tags = list_append(tags, ?), version = version + 1"
                " WHERE list_contains(tags, 'batch')",
                [status, status],
            )
        times.setdefault("bulk change with an index", []).append(
            (time.perf_counter() - began) * 1000
        )
    with db.write() as cursor:
        cursor.execute("DROP TABLE indexed")
