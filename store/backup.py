"""Copying a whole store into one new file, and such a file into a workspace.

It reads and writes through DuckDB alone. A process that has a database open and closes another
handle of the file gives up the lock that keeps other processes out (decision 82).
"""

import secrets
from contextlib import suppress
from pathlib import Path

import duckdb

from store import migrations
from store.db import Database
from store.errors import CopyFailed, NotABackup

_MEMORY_MB = 512
"""A third of what DuckDB takes by itself to copy a million pairs, for a third more time."""

_HOW: dict[str, str | bool | int | float | list[str]] = {
    "force_compression": "uncompressed",  # As `Database.open` has it.
    "memory_limit": f"{_MEMORY_MB}MB",
}

_FULL = {
    "No space left": "the disk is full",
    "quota": "your share of the disk is full",
    "File too large": "the file grew beyond the limit set for it",
}


def copy_to(db: Database, target: Path) -> int:
    """Write all that is committed now to the new file `target`; others read and write meanwhile.

    Returns how many pairs it holds. Raises CopyFailed, with nothing left of the file.
    """
    with db.frugal(_MEMORY_MB), db.read() as cursor:
        name = cursor.execute("SELECT current_database()").fetchall()[0][0]
        try:
            return _copy(cursor, str(name), target)
        except duckdb.Error as error:
            raise CopyFailed(target, _reason(error)) from error


def size_bytes(db: Database) -> int:
    """Return about how large a copy will be: what is in use of the file, and its log."""
    with db.read() as cursor:
        found = cursor.execute(
            "SELECT used_blocks * block_size FROM pragma_database_size() "
            "WHERE database_name = current_database()"
        ).fetchall()
    log = _log(db.path)
    return int(found[0][0]) + (log.stat().st_size if log.exists() else 0)


def copy_file(source: Path, target: Path) -> int:
    """Write what a backup holds to the new file `target`, reading every block of it.

    Returns how many pairs it holds. Raises NotABackup where it is something else, damaged or in
    use, WorkspaceTooNew where a newer Graft wrote it, CopyFailed where `target` cannot be written.
    """
    with duckdb.connect(config=_HOW) as connection:
        try:
            connection.execute(f"ATTACH {_quoted(source)} AS source (READ_ONLY)")
            names = connection.execute("SELECT name FROM source.migrations").fetchall()
            migrations.refuse_unknown({str(name) for (name,) in names}, source)
            return _copy(connection, "source", target)
        except duckdb.Error as error:
            if str(target) in str(error):
                raise CopyFailed(target, _reason(error)) from error
            raise NotABackup(source, _reason(error)) from error


def put_in_place(new: Path, database: Path, standing: Database | None, aside: Path) -> None:
    """Let the file `new` be the workspace's database; what stood there gets the name `aside`.

    With `standing` open nobody else can open it meanwhile, and at no instant is there none.
    """
    if standing is not None:
        with standing.read() as cursor:
            cursor.execute("CHECKPOINT")
    # The log belongs to the old one: DuckDB would read it with the new one.
    if (log := _log(database)).exists():
        log.rename(_log(aside))
    if database.exists():
        aside.hardlink_to(database)
    new.replace(database)


def _copy(cursor: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    name = f"copy_{secrets.token_hex(4)}"
    try:
        # Without a log it takes its own size of room, not twice that; a new file needs none.
        cursor.execute(f"ATTACH {_quoted(target)} AS {name} (RECOVERY_MODE no_wal_writes)")
        try:
            _copy_at_once(cursor, source, name)
            cursor.execute(f"CHECKPOINT {name}")
            found = cursor.execute(f"SELECT count(*) FROM {name}.pairs").fetchall()
        finally:
            cursor.execute(f"DETACH {name}")
    except BaseException:
        target.unlink(missing_ok=True)
        _log(target).unlink(missing_ok=True)
        raise
    return int(found[0][0])


def _copy_at_once(cursor: duckdb.DuckDBPyConnection, source: str, name: str) -> None:
    """Copy every table as it is at one instant."""
    cursor.begin()
    try:
        cursor.execute(f'COPY FROM DATABASE "{source}" TO {name}')
        cursor.commit()
    except duckdb.Error:
        with suppress(duckdb.TransactionException):  # A commit that failed has ended it already.
            cursor.rollback()
        raise


def _log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _quoted(path: Path) -> str:
    """A statement's own form of a path; ATTACH takes no value by `?`."""
    return "'" + str(path).replace("'", "''") + "'"


def _reason(error: duckdb.Error) -> str:
    """Say what a full disk means; DuckDB tells it as a database that was invalidated: the copy."""
    said = str(error).partition("\n")[0]
    return next((words for sign, words in _FULL.items() if sign in said), said)
