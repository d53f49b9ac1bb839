"""How much memory DuckDB takes while long passes go on: the least that any of them asks for.

The limit is one for the whole process, and passes overlap: none may put back what it found.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


class MemoryLimit:
    """The memory limit of an open database. Threads may share it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._wanted_mb: list[int] = []

    @contextmanager
    def at_most(self, most_mb: int) -> Iterator[None]:
        """Keep the limit at most so high meanwhile, or as it is where more is in use right now."""
        with self._lock, self._connection.cursor() as cursor:
            self._wanted_mb.append(most_mb)
            self._set(cursor)
        try:
            yield
        finally:
            with self._lock, self._connection.cursor() as cursor:
                self._wanted_mb.remove(most_mb)
                self._set(cursor)

    def _set(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if not self._wanted_mb:
            # DuckDB tells its limit rounded down: what was put back would be less each time.
            cursor.execute("RESET memory_limit").fetchall()
            return
        # Somebody needs more right now: then this has to do without.
        with suppress(duckdb.OutOfMemoryException):
            cursor.execute(f"SET memory_limit = '{min(self._wanted_mb)}MB'").fetchall()
