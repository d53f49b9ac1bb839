"""Clusters of pairs that belong together, read one page at a time.

A pass over a dataset writes them (`store.passes`); what people decide is in `store.verdicts`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import cast

import duckdb
import pyarrow

from store import passes
from store.db import Database
from store.errors import NotFound
from store.relation_types import (
    Cluster,
    ClusterFilter,
    Member,
    NewCluster,
    Reason,
    Relation,
    Verdict,
)
from store.types import Page

MOST_MEMBERS = 60
"""Pairs of one cluster that a page reads; families from one mould have thousands."""
_CHUNK_ROWS = 10_000
_USABLE = "status IN ('unreviewed', 'accepted')"
_USUAL_REASON = {"duplicate": "same", "paraphrase": "reworded", "conflict": "answer"}
_COLUMNS = "c.id, c.relation, c.score, c.reason, c.keeper_id, c.verdict"


def replace_open(db: Database, dataset_ids: Iterable[int], found: Iterable[NewCluster]) -> int:
    """Put clusters in place of the undecided ones of these datasets; see `passes.replace_open`."""
    numbered = list(enumerate(found))
    why = {n: _USUAL_REASON.get(c.relation, "") for n, c in numbered}
    heads = [(n, c.relation, c.score, c.keeper_id, why[n]) for n, c in numbered]
    members = [(n, pair, None, c.score, 1.0, why[n]) for n, c in numbered for pair in c.pair_ids]
    return passes.replace_open(
        db,
        dataset_ids,
        _table(heads, passes.CLUSTERS),
        _table(members, passes.MEMBERS),
    )


def counts(
    db: Database, *, dataset_id: int | None = None, matching: ClusterFilter | None = None
) -> dict[Relation, int]:
    """Return how many undecided clusters there are of each relation."""
    result: dict[Relation, int] = {"duplicate": 0, "paraphrase": 0, "conflict": 0, "lookalike": 0}
    of_dataset = ClusterFilter((dataset_id,)) if dataset_id is not None else ClusterFilter()
    where, values = is_open(matching or of_dataset)
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT c.relation, count(*) FROM clusters c WHERE {where} GROUP BY c.relation", values
        ).fetchall()
    return result | {cast("Relation", relation): count for relation, count in rows}


def page(
    db: Database,
    *,
    relation: Relation | None = None,
    dataset_id: int | None = None,
    matching: ClusterFilter | None = None,
    number: int = 1,
    size: int,
) -> Page[Cluster]:
    """Return one page of the undecided clusters, the surest first.

    They are chosen by a relation and a dataset, or by a filter.
    """
    dataset_ids = () if dataset_id is None else (dataset_id,)
    where, values = is_open(matching or ClusterFilter(dataset_ids, relation))
    with db.read() as cursor:
        # One pass gives the page and the total: finding what is open is what costs.
        rows = cursor.execute(
            f"""
            WITH fitting AS MATERIALIZED (SELECT {_COLUMNS} FROM clusters c WHERE {where})
            SELECT c.*, (SELECT count(*) FROM fitting) FROM fitting c
            ORDER BY c.score DESC, c.id LIMIT ? OFFSET ?
            """,
            [*values, size, (max(number, 1) - 1) * size],
        ).fetchall()
        total = rows[0][-1] if rows else _count(cursor, where, values)
        found = _with_members(cursor, [row[:-1] for row in rows], MOST_MEMBERS)
    return Page(rows=found, number=max(number, 1), size=size, total=total)


def each(
    db: Database, dataset_ids: Iterable[int], *, action_id: int | None = None
) -> Iterator[tuple[Cluster, tuple[tuple[str, int], ...]]]:
    """Yield every open cluster with the source file and row of each pair, the surest first.

    With an action those that it decided are among them. Reads on as it is asked: a million members
    are never in memory at once.
    """
    where, values = is_open(ClusterFilter(tuple(dataset_ids)))
    with db.read() as cursor:
        cursor.execute(
            f"""
            SELECT {_COLUMNS}, m.pair_id, m.linked_to, m.score, m.answer_score, m.reason,
                   p.source_file, p.source_row
            FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
            JOIN pairs p ON p.id = m.pair_id
            WHERE ({where}) OR c.action_id = ? ORDER BY c.score DESC, c.id, m.pair_id
            """,
            [*values, action_id],
        )
        rows = chain.from_iterable(iter(lambda: cursor.fetchmany(_CHUNK_ROWS), []))
        for head, found in groupby(rows, key=lambda row: row[:6]):
            members = list(found)
            cluster = _cluster(head, len(members), [row[6:11] for row in members])
            yield cluster, tuple((row[11], row[12]) for row in members)


def get(db: Database, cluster_id: int) -> Cluster:
    """Return one cluster with all its pairs; NotFound if there is none."""
    with db.read() as cursor:
        return get_in(cursor, cluster_id)


def get_in(cursor: duckdb.DuckDBPyConnection, cluster_id: int) -> Cluster:
    """Return one cluster inside the caller's transaction."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM clusters c WHERE c.id = ?", [cluster_id]
    ).fetchall()
    if not rows:
        raise NotFound("cluster", cluster_id)
    return _with_members(cursor, rows, None)[0]


def close(db: Database, dataset_ids: Iterable[int]) -> pyarrow.Table:
    """Return relation, cluster_id and pair_id of every member of the clusters of duplicates and of
    paraphrases of these datasets, decided or not, by cluster.

    A cluster that a person called no cluster at all is left out.
    """
    with db.read() as cursor:
        return cursor.sql(
            """
            SELECT c.relation, c.id AS cluster_id, m.pair_id
            FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
            WHERE c.relation IN ('duplicate', 'paraphrase')
              AND coalesce(c.verdict, '') <> 'not_alike'
              AND c.dataset_id IN (SELECT unnest(?::BIGINT[]))
            ORDER BY c.id, m.pair_id
            """,
            params=[list(dataset_ids)],
        ).to_arrow_table()


def is_open(matching: ClusterFilter) -> tuple[str, list[object]]:
    """Return the condition for clusters `c` that need a person, and its values.

    They are undecided and hold two or more usable pairs.
    """
    terms, values = ["c.verdict IS NULL"], list[object]()
    if matching.dataset_ids:
        terms.append("c.dataset_id IN (SELECT unnest(?::BIGINT[]))")
        values.append(list(matching.dataset_ids))
    if matching.relation is not None:
        terms.append("c.relation = ?")
        values.append(matching.relation)
    if matching.reasons:
        terms.append("list_contains(?::VARCHAR[], c.reason)")
        values.append(list(matching.reasons))
    if matching.least_score:
        terms.append("c.score >= ?::REAL")
        values.append(matching.least_score)
    terms.append(
        "c.id IN (SELECT m1.cluster_id FROM cluster_pairs m1 JOIN pairs p ON p.id = m1.pair_id"
        f" WHERE p.{_USABLE} GROUP BY m1.cluster_id HAVING count(*) > 1)"
    )
    return " AND ".join(terms), values


def _count(cursor: duckdb.DuckDBPyConnection, where: str, values: list[object]) -> int:
    row = cursor.execute(f"SELECT count(*) FROM clusters c WHERE {where}", values).fetchone()
    return int(row[0]) if row else 0


def _with_members(
    cursor: duckdb.DuckDBPyConnection, rows: list[tuple[object, ...]], most: int | None
) -> tuple[Cluster, ...]:
    """Read the members of clusters, at most so many of each: first the usable, by rising id."""
    members: dict[object, list[tuple[object, ...]]] = {row[0]: [] for row in rows}
    sizes: dict[object, int] = {}
    found = cursor.execute(
        f"""
        SELECT m.cluster_id, count(*) OVER mine, m.pair_id, m.linked_to, m.score, m.answer_score,
               m.reason
        FROM cluster_pairs m JOIN pairs p ON p.id = m.pair_id
        WHERE m.cluster_id IN (SELECT unnest(?::BIGINT[]))
        WINDOW mine AS (PARTITION BY m.cluster_id)
        QUALIFY row_number() OVER (PARTITION BY m.cluster_id ORDER BY p.{_USABLE} DESC, m.pair_id)
                <= coalesce(?, 1000000000)
        ORDER BY m.cluster_id, m.pair_id
        """,
        [list(members), most],
    ).fetchall()
    for cluster_id, size, *member in found:
        sizes[cluster_id] = size
        members[cluster_id].append(tuple(member))
    return tuple(_cluster(row, sizes.get(row[0], 0), members[row[0]]) for row in rows)


def _cluster(row: tuple[object, ...], size: int, members: list[tuple[object, ...]]) -> Cluster:
    cluster_id, relation, score, reason, keeper_id, verdict = row
    return Cluster(
        id=cast("int", cluster_id),
        relation=cast("Relation", relation),
        score=cast("float", score),
        reason=cast("Reason", reason) or None,
        keeper_id=cast("int", keeper_id),
        size=size,
        members=tuple(_member(member) for member in members),
        verdict=cast("Verdict | None", verdict),
    )


def _member(row: tuple[object, ...]) -> Member:
    pair_id, linked_to, score, answer_score, reason = row
    return Member(
        pair_id=cast("int", pair_id),
        linked_to=cast("int | None", linked_to),
        score=cast("float", score),
        answer_score=cast("float", answer_score),
        reason=cast("Reason", reason) or None,
    )


def _table(rows: Sequence[tuple[object, ...]], schema: pyarrow.Schema) -> pyarrow.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pyarrow.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
