"""Links between pairs as comparing found them: kept down to a floor, read again at any threshold.

Written and read in bulk as Arrow columns. A link holds while both its pairs have the text that it
was found on; a status, a tag or a note may change. Only links between pairs in use are counted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

import pyarrow

from store.db import Database
from store.relation_types import Link, Method, Reason, Relation, Scan
from store.types import Status

_TEXT = "hash(question, answer, context, system, history)"
_LINK = "one_id, other_id, relation, score, answer_score, reason"
_SCAN = "dataset_id, method, floor, encoder, pair_count, last_pair_id, texts, made_at"
FOUND = pyarrow.schema(
    [
        ("one_id", pyarrow.int64()),
        ("other_id", pyarrow.int64()),
        ("relation", pyarrow.string()),
        ("score", pyarrow.float32()),
        ("answer_score", pyarrow.float32()),
        ("reason", pyarrow.string()),
        ("one_version", pyarrow.int64()),
        ("other_version", pyarrow.int64()),
        ("one_text", pyarrow.uint64()),
        ("other_text", pyarrow.uint64()),
    ]
)
"""The columns that a scan hands over; words may come as dictionaries."""
RELATIONS: tuple[Relation, ...] = ("duplicate", "paraphrase", "conflict", "lookalike")


def texts(db: Database, dataset_id: int) -> pyarrow.Table:
    """Return every pair of a dataset by rising id, whatever its status, as Arrow columns.

    The columns are id, version, question, answer, context, system, history (JSON text), `text`, a
    hash of those five, and `seen`, of which all together give the checksum `Scan.texts`.
    """
    with db.read() as cursor:
        rows = cursor.sql(
            "SELECT id, version, question, answer, context, system, history,"
            f" {_TEXT} AS text, hash(id, {_TEXT}) AS seen FROM pairs WHERE dataset_id = ?",
            params=[dataset_id],
        ).to_arrow_table()
    # Rows nearly always lie by rising id; sorting a million texts in SQL takes seconds.
    ids = rows.column("id").to_numpy()
    return rows if (ids[1:] > ids[:-1]).all() else rows.sort_by("id")


def replace(db: Database, scan: Scan, found: pyarrow.Table) -> None:
    """Put what a scan found (FOUND) in place of that dataset's older links of the same method.

    What was changed while it was compared is stored too, but no longer holds.
    """
    of = [scan.dataset_id, scan.method]
    with db.write() as cursor:
        cursor.execute("DELETE FROM links WHERE dataset_id = ? AND method = ?", of)
        cursor.execute("DELETE FROM scans WHERE dataset_id = ? AND method = ?", of)
        cursor.execute(
            f"INSERT INTO scans ({_SCAN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *of,
                scan.floor,
                scan.encoder,
                scan.pair_count,
                scan.last_pair_id,
                scan.texts,
                scan.made_at,
            ],
        )
        names = ", ".join(FOUND.names)
        cursor.register("found", found)
        cursor.execute(
            f"INSERT INTO links (dataset_id, method, {names})"
            f" SELECT ?, ?, {names} FROM found ORDER BY score DESC, one_id, other_id",
            of,
        )
        cursor.unregister("found")


def scans(db: Database, *, method: Method = "wording") -> dict[int, Scan]:
    """Return the last scan of each dataset that was compared by this method, by dataset id."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT {_SCAN} FROM scans WHERE method = ? ORDER BY dataset_id", [method]
        ).fetchall()
    return {row[0]: _scan(row) for row in rows}


def is_current(db: Database, dataset_id: int, *, method: Method = "wording") -> bool:
    """Whether a scan has seen all pairs of a dataset as they stand now.

    Reads every text once: about half a second for a million pairs.
    """
    with db.read() as cursor:
        row = cursor.execute(
            f"""
            SELECT s.texts = (SELECT coalesce(bit_xor(hash(id, {_TEXT})), 0) FROM pairs
                              WHERE dataset_id = s.dataset_id)
            FROM scans s WHERE dataset_id = ? AND method = ?
            """,
            [dataset_id, method],
        ).fetchone()
    return bool(row and row[0])


def table(
    db: Database, dataset_id: int, *, threshold: float, method: Method | None = None
) -> pyarrow.Table:
    """Return the links of a dataset that still hold, at or above a threshold, as Arrow columns.

    Pairs that were rejected or removed are in it too; the columns are those of `Link`.
    """
    holding, values = _holding([dataset_id], threshold, method, statuses=())
    with db.read() as cursor:
        return cursor.sql(f"{holding} SELECT {_LINK} FROM holding", params=values).to_arrow_table()


def histogram(
    db: Database,
    dataset_ids: Iterable[int],
    *,
    floor: float,
    bins: int,
    method: Method | None = None,
) -> dict[Relation, tuple[int, ...]]:
    """Count the links between pairs in use by relation and score, `bins` steps from floor to 1."""
    counted = {relation: [0] * bins for relation in RELATIONS}
    holding, values = _holding(dataset_ids, floor, method)
    with db.read() as cursor:
        rows = cursor.execute(
            f"{holding} SELECT relation,"
            " CAST(least(floor((score - ?) / (1 - ?) * ?), ?) AS INTEGER) AS bin, count(*)"
            " FROM holding GROUP BY ALL",
            [*values, floor, floor, bins, bins - 1],
        ).fetchall()
    for relation, place, count in rows:
        counted[relation][max(place, 0)] += count
    return {relation: tuple(numbers) for relation, numbers in counted.items()}


def counts_from(
    db: Database, dataset_ids: Iterable[int], *, threshold: float, method: Method | None = None
) -> dict[Relation, int]:
    """Count the links between pairs in use at or above a threshold, by relation."""
    holding, values = _holding(dataset_ids, threshold, method)
    with db.read() as cursor:
        rows = cursor.execute(
            f"{holding} SELECT relation, count(*) FROM holding GROUP BY ALL", values
        ).fetchall()
    found = dict(rows)
    return {relation: found.get(relation, 0) for relation in RELATIONS}


def closest(
    db: Database,
    dataset_ids: Iterable[int],
    *,
    threshold: float,
    count: int,
    relations: tuple[Relation, ...] = RELATIONS,
    method: Method | None = None,
) -> tuple[Link, ...]:
    """Return the links between pairs in use whose score is nearest to a threshold, the nearest
    first."""
    holding, values = _holding(dataset_ids, 0.0, method)
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            {holding} SELECT {_LINK} FROM holding WHERE list_contains(?::VARCHAR[], relation)
            ORDER BY abs(score - ?), one_id, other_id LIMIT ?
            """,
            [*values, list(relations), threshold, count],
        ).fetchall()
    return tuple(_link(row) for row in rows)


def among(db: Database, pair_ids: Iterable[int]) -> tuple[Link, ...]:
    """Return the links between these pairs, the closest first, whether they still hold or not."""
    ids = list(pair_ids)
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT DISTINCT {_LINK} FROM links
            WHERE one_id IN (SELECT unnest(?::BIGINT[]))
              AND other_id IN (SELECT unnest(?::BIGINT[]))
            ORDER BY score DESC, one_id, other_id, relation
            """,
            [ids, ids],
        ).fetchall()
    return tuple(_link(row) for row in rows)


def _holding(
    dataset_ids: Iterable[int],
    threshold: float,
    method: Method | None,
    *,
    statuses: tuple[Status, ...] = ("unreviewed", "accepted"),
) -> tuple[str, list[object]]:
    """Return the WITH clause that names the links which still hold `holding`, and its values.

    The text is only looked at where a version has moved on, which a change of status does too.
    No status means any.
    """
    either = "AND list_contains(?::VARCHAR[], {0}.status)" if statuses else ""
    clause = f"""
    WITH sides AS MATERIALIZED (
        SELECT l.*, a.version = l.one_version AS is_one_same, b.version = l.other_version
               AS is_other_same
        FROM links l JOIN pairs a ON a.id = l.one_id {either.format("a")}
        JOIN pairs b ON b.id = l.other_id {either.format("b")}
        WHERE l.dataset_id IN (SELECT unnest(?::BIGINT[])) AND l.score >= ?::REAL
          AND (?::VARCHAR IS NULL OR l.method = ?)),
    moved AS MATERIALIZED (
        SELECT id, {_TEXT} AS text FROM pairs WHERE id IN (
            SELECT one_id FROM sides WHERE NOT is_one_same
            UNION SELECT other_id FROM sides WHERE NOT is_other_same)),
    holding AS (
        SELECT sides.* FROM sides
        LEFT JOIN moved x ON x.id = one_id LEFT JOIN moved y ON y.id = other_id
        WHERE (is_one_same OR x.text = one_text) AND (is_other_same OR y.text = other_text))
    """
    of_status: list[object] = [list(statuses)] * 2 if statuses else []
    return clause, [*of_status, list(dataset_ids), threshold, method, method]


def _scan(row: tuple[object, ...]) -> Scan:
    dataset_id, method, floor, encoder, pair_count, last_pair_id, texts, made_at = row
    return Scan(
        dataset_id=cast("int", dataset_id),
        method=cast("Method", method),
        floor=cast("float", floor),
        encoder=str(encoder),
        pair_count=cast("int", pair_count),
        last_pair_id=cast("int", last_pair_id),
        texts=cast("int", texts),
        made_at=cast("datetime", made_at),
    )


def _link(row: tuple[object, ...]) -> Link:
    one_id, other_id, relation, score, answer_score, reason = row
    return Link(
        one_id=cast("int", one_id),
        other_id=cast("int", other_id),
        relation=cast("Relation", relation),
        score=cast("float", score),
        answer_score=cast("float", answer_score),
        reason=cast("Reason", reason),
    )
