"""What the pairs have, to choose filters from: tags, findings, languages and files, counted."""

from dataclasses import dataclass

from store.db import Database

Counted = tuple[tuple[str, int], ...]
_MOST_VALUES = 500


@dataclass(frozen=True, slots=True)
class Facets:
    """Each value and how many pairs have it, the commonest first."""

    tags: Counted
    flags: Counted
    languages: Counted
    files: Counted


def facets(db: Database) -> Facets:
    """Count the values of all pairs; of more than 500 values the commonest."""
    return db.remembered("facets", lambda: _counted(db))


def _counted(db: Database) -> Facets:
    found = []
    for value in ("unnest(tags)", "unnest(flags)", "language", "source_file"):
        with db.read() as cursor:
            rows = cursor.execute(
                f"SELECT value, count(*) AS n FROM (SELECT {value} AS value FROM pairs)"
                f" GROUP BY value ORDER BY n DESC, value LIMIT {_MOST_VALUES}"
            ).fetchall()
        found.append(tuple((str(value), int(count)) for value, count in rows))
    return Facets(*found)
