"""Opening the workspace's database: one process, one writer at a time, a cursor per call.

DuckDB admits a single process per file, and a connection shared by threads without `.cursor()`
returns wrong rows silently; so every read and write takes a cursor of its own, and writes are
serialised.
"""

import json
import logging
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

import duckdb

from store import migrations
from store.errors import NotFound, WorkspaceDamaged, WorkspaceHeld
from store.memory import MemoryLimit

T = TypeVar("T")
Cursor = duckdb.DuckDBPyConnection
"""What the other layers hand back to the store without looking into it."""
_APPENDING_MB = 512
_LONG_LOG_BYTES = 16 << 20
"""From here on what was committed is moved from the log into the file ..."""
_LONGEST_LOG = "256MB"
"""... once nobody writes; from here on by whoever commits. It is read again after a crash."""
_QUIET_S = 2.0
HOLDER_NAME = "graft.holder.json"
_MOST_REMEMBERED = 12
"""Answers kept. A list of a million ids takes 16 MB; what takes more keeps one of its kind."""
logger = logging.getLogger(__name__)


class Database:
    """An open workspace database. Threads may share it; processes may not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._write_lock = threading.RLock()
        self._memory: OrderedDict[Hashable, object] = OrderedDict()
        self._memory_lock = threading.Lock()
        self._remembered_at = 0
        self._memory_limit = MemoryLimit(connection)
        self._beside: list[threading.Thread] = []
        self._closing = threading.Event()
        self._is_waiting_for_quiet = False
        self.path = path
        self.changes = 0
        """How many writes this process has made: what was read at one count is true at it."""

    @classmethod
    def open(cls, path: Path) -> "Database":
        """Open or make the database at `path` and bring it to the newest schema.

        Raises WorkspaceHeld when another process has it open, WorkspaceTooNew when a newer Graft
        wrote it, and WorkspaceDamaged when it cannot be read.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(str(path))
        except duckdb.Error as error:
            if isinstance(error, duckdb.IOException) and "lock" in str(error).lower():
                raise _held(path) from error
            raise WorkspaceDamaged(str(path), str(error).partition("\n")[0]) from error
        try:
            # Compressing text takes four fifths of an import and slows every search (decision 70).
            connection.execute("SET force_compression = 'uncompressed'")
            # Scattered changes count as if they were long, and moving them takes up to a second.
            connection.execute(f"SET checkpoint_threshold = '{_LONGEST_LOG}'")
            migrations.apply(connection, path)
        except BaseException:
            connection.close()
            raise
        _write_holder(path)
        return cls(connection, path)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor that sees the last committed state."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def snapshot(self, count: int) -> Iterator[tuple[duckdb.DuckDBPyConnection, ...]]:
        """Give cursors for threads that all see one state, whatever is written meanwhile."""
        with ExitStack() as stack:
            with self._write_lock:
                cursors = tuple(self._connection.cursor() for _ in range(count))
                for cursor in cursors:
                    stack.callback(cursor.close)
                    cursor.begin()
                    # The state is fixed by the first statement, not by the beginning.
                    cursor.execute("SELECT count(*) FROM migrations").fetchall()
            yield cursors
            for cursor in cursors:
                cursor.rollback()

    @contextmanager
    def frugal(self, most_mb: int) -> Iterator[None]:
        """Keep at most so much of the file in memory meanwhile: for passes that read it once.

        What other threads ask for is written to disk where it does not fit beside it.
        """
        with self._memory_limit.at_most(most_mb):
            yield

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor inside one transaction: committed at the end, rolled back on an error."""
        with self._write_lock:
            with self.read() as cursor, _rolled_back(cursor):
                cursor.begin()
                yield cursor
                cursor.commit()
                self.changes += 1
            self._move_log_when_quiet()

    @contextmanager
    def append(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor inside a long transaction that only adds rows.

        Others write meanwhile; ids have to come from short transactions of their own. Committed at
        the end, rolled back on an error.
        """
        # What was written would stay in memory up to the limit, which is most of the machine's.
        limited = self._memory_limit.at_most(_APPENDING_MB)
        with limited, self.read() as cursor, _rolled_back(cursor):
            cursor.begin()
            yield cursor
            with self._write_lock:
                cursor.commit()
                self.changes += 1

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` gave for `key` since the last write, else call it."""
        now = self.changes
        with self._memory_lock:
            if self._remembered_at != now:
                self._memory.clear()
                self._remembered_at = now
            if key in self._memory:
                self._memory.move_to_end(key)
                return cast("T", self._memory[key])
        value = compute()
        with self._memory_lock:
            # What was computed while somebody wrote may be of before or after: not kept.
            if self.changes == self._remembered_at == now:
                self._memory[key] = value
                while len(self._memory) > _MOST_REMEMBERED:
                    self._memory.popitem(last=False)
        return value

    def wait_for_closing(self, seconds: float) -> bool:
        """Sleep, but not beyond the closing; return whether it has come."""
        return self._closing.wait(seconds)

    def beside(self, work: Callable[[], object]) -> None:
        """Do `work` in a thread that `close` waits for; it has to look at `is_closing` often."""
        thread = threading.Thread(target=work, daemon=True, name=work.__qualname__)
        self._beside = [*(other for other in self._beside if other.is_alive()), thread]
        thread.start()

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    def _move_log_when_quiet(self) -> None:
        """Have what is committed moved into the file a little later, if it has become long.

        The log is what a commit writes; moving it is work that nobody should wait for.
        """
        log = self.path.with_name(f"{self.path.name}.wal")
        is_long = log.exists() and log.stat().st_size >= _LONG_LOG_BYTES
        if self._is_waiting_for_quiet or not is_long:
            return
        self._is_waiting_for_quiet = True
        self.beside(self._move_log)

    def _move_log(self) -> None:
        seen = self.changes
        while not self._closing.wait(_QUIET_S):
            if seen != self.changes:
                seen = self.changes
                continue
            with self._write_lock, self.read() as cursor:
                try:
                    cursor.execute("CHECKPOINT")
                except duckdb.TransactionException as reason:
                    logger.debug("the log is not moved yet: %s", reason)  # An import goes on.
                    continue
                except duckdb.Error:  # Such as a full disk: what is committed stands in the log.
                    logger.exception("the log could not be moved; the next long one tries again")
                self._is_waiting_for_quiet = False
                return

    def close(self) -> None:
        """Close the database and let another process have it."""
        self._closing.set()
        for thread in self._beside:
            thread.join()
        with self._write_lock:
            (self.path.parent / HOLDER_NAME).unlink(missing_ok=True)
            self._connection.close()


def allocate(cursor: duckdb.DuckDBPyConnection, kind: str, count: int = 1) -> int:
    """Take `count` consecutive ids that were never used before and return the first."""
    row = cursor.execute(
        "UPDATE counters SET next = next + ? WHERE kind = ? RETURNING next", [count, kind]
    ).fetchone()
    if row is None:
        raise NotFound("counter", kind)
    return int(row[0]) - count


@contextmanager
def _rolled_back(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Roll back on an error, and let that error be told."""
    try:
        yield
    except BaseException:
        # After a commit that failed there is no transaction left.
        with suppress(duckdb.Error):
            cursor.rollback()
        raise


def _write_holder(path: Path) -> None:
    holder = {
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200] if sys.argv else "",
    }
    temporary = path.parent / f".{HOLDER_NAME}.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(holder), encoding="utf-8")
    temporary.replace(path.parent / HOLDER_NAME)


def _held(path: Path) -> WorkspaceHeld:
    """Say who holds the database; the file beside it is only believed while that process lives."""
    try:
        holder = json.loads((path.parent / HOLDER_NAME).read_text(encoding="utf-8"))
        pid, since = int(holder["pid"]), datetime.fromisoformat(holder["since"])
        os.kill(pid, 0)
    except PermissionError:
        pass  # It lives, under another user.
    except (OSError, ValueError, KeyError, TypeError):
        return WorkspaceHeld(str(path), None, None, "")
    return WorkspaceHeld(str(path), pid, since.astimezone(), str(holder.get("command", "")))
