"""What the pairs of a dataset look like, counted in the narrow columns: no text is read.

Counts are of usable pairs (unreviewed and accepted), which an export takes.
"""

from dataclasses import dataclass

from store.db import Database

BUCKETS_PER_DOUBLING = 2
"""Lengths are counted in steps of half a doubling: 1, 1.4, 2, 2.8, 4 …"""
MOST_WORDINGS = 8
"""Facts with more wordings than this are counted together."""
_USABLE = "status IN ('unreviewed', 'accepted') AND (?::BIGINT IS NULL OR dataset_id = ?)"


@dataclass(frozen=True, slots=True)
class FlagCount:
    """A code, how many pairs have it, and one of them."""

    code: str
    pairs: int
    example_id: int


@dataclass(frozen=True, slots=True)
class Charts:
    """Everything that the charts of a dataset show."""

    pairs: int
    judged: int
    flagged: int
    """Pairs with at least one finding."""
    quality: float | None
    """The mean; None where nothing is judged."""
    flags: tuple[FlagCount, ...]
    """By falling count."""
    languages: tuple[tuple[str, int], ...]
    question_lengths: tuple[tuple[float, int], ...]
    """(tokens from which a bucket begins, pairs), by rising length."""
    answer_lengths: tuple[tuple[float, int], ...]
    wordings: tuple[tuple[int, int], ...]
    """(wordings, facts): how many answers have that many pairs."""


def charts(db: Database, dataset_id: int | None = None) -> Charts:
    """Count one dataset, or all; remembered until something is written."""
    return db.remembered(f"charts {dataset_id}", lambda: _counted(db, dataset_id))


def _counted(db: Database, dataset_id: int | None) -> Charts:
    given = [dataset_id, dataset_id]
    with db.read() as cursor:
        whole = cursor.execute(
            "SELECT count(*), count(*) FILTER (judged_version = version), count(*) FILTER"
            f" (len(flags) > 0), avg(quality) FROM pairs WHERE {_USABLE}",
            given,
        ).fetchone()
        flags = cursor.execute(
            "SELECT code, count(*) AS n, min(id) FROM"
            f" (SELECT id, unnest(flags) AS code FROM pairs WHERE {_USABLE} AND len(flags) > 0)"
            " GROUP BY code ORDER BY n DESC, code",
            given,
        ).fetchall()
        languages = cursor.execute(
            f"SELECT language, count(*) AS n FROM pairs WHERE {_USABLE}"
            " AND judged_version > 0 GROUP BY language ORDER BY n DESC, language",
            given,
        ).fetchall()
        lengths = [
            cursor.execute(
                f"SELECT floor({BUCKETS_PER_DOUBLING} * log2(greatest({column}, 1))) AS bucket,"
                f" count(*) FROM pairs WHERE {_USABLE} AND {column} IS NOT NULL"
                " GROUP BY bucket ORDER BY bucket",
                given,
            ).fetchall()
            for column in ("question_tokens", "answer_tokens")
        ]
        wordings = cursor.execute(
            f"""
            SELECT least(n, {MOST_WORDINGS + 1}) AS wordings, count(*) FROM
                (SELECT count(*) AS n FROM pairs WHERE {_USABLE} AND fact IS NOT NULL
                 GROUP BY dataset_id, fact)
            GROUP BY wordings ORDER BY wordings
            """,
            given,
        ).fetchall()
    total, judged, flagged, quality = whole or (0, 0, 0, None)
    question_lengths, answer_lengths = (
        tuple((2 ** (bucket / BUCKETS_PER_DOUBLING), count) for bucket, count in each)
        for each in lengths
    )
    return Charts(
        pairs=total,
        judged=judged,
        flagged=flagged,
        quality=quality,
        flags=tuple(FlagCount(*row) for row in flags),
        languages=tuple((str(code), count) for code, count in languages),
        question_lengths=question_lengths,
        answer_lengths=answer_lengths,
        wordings=tuple((int(n), count) for n, count in wordings),
    )
