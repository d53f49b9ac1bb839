"""Small facts that the workspace remembers, such as the language of the pages."""

from store.db import Database


def get(db: Database, key: str) -> str | None:
    """Return a setting, None if it was never set."""
    with db.read() as cursor:
        row = cursor.execute("SELECT value FROM settings WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else None


def put(db: Database, key: str, value: str) -> None:
    """Set a setting."""
    with db.write() as cursor:
        cursor.execute("DELETE FROM settings WHERE key = ?", [key])
        cursor.execute("INSERT INTO settings VALUES (?, ?)", [key, value])
