"""The schema, as one SQL file a step; each is applied once, in one transaction, by rising name.

No table has a primary key or index on purpose: DuckDB's ART indexes make a bulk change of 10,000
rows a thousand times slower, and ids are unique because `db.allocate` never gives one twice.
"""

from pathlib import Path

import duckdb

from store.errors import WorkspaceTooNew

_FOLDER = Path(__file__).parent


def apply(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the schema to the newest step; WorkspaceTooNew if it holds steps unknown here."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name VARCHAR NOT NULL, done_at TIMESTAMPTZ)"
    )
    done = {row[0] for row in connection.execute("SELECT name FROM migrations").fetchall()}
    refuse_unknown(done, path)
    for name, statements in _steps():
        if name in done:
            continue
        connection.begin()
        try:
            connection.execute(statements)
            connection.execute("INSERT INTO migrations VALUES (?, now())", [name])
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def refuse_unknown(done: set[str], path: Path) -> None:
    """Raise WorkspaceTooNew where the database at `path` holds steps unknown here."""
    unknown = tuple(sorted(done - {name for name, _ in _steps()}))
    if unknown:
        raise WorkspaceTooNew(str(path), unknown)


def _steps() -> list[tuple[str, str]]:
    """Return (name, statements) of every step, the oldest first."""
    return [(file.stem, file.read_text("utf-8")) for file in sorted(_FOLDER.glob("m*.sql"))]
