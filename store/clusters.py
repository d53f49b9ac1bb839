"""Clusters of pairs that belong together, and what a person decided about them."""

from collections.abc import Iterable
from typing import cast

import duckdb

from store.db import Database, allocate
from store.errors import NotFound
from store.pairs import remove_duplicates_in
from store.types import Cluster, NewCluster, Page, Relation, Verdict

_SELECT = """
SELECT c.id, c.relation, c.score, c.keeper_id, list(m.pair_id ORDER BY m.pair_id), c.verdict
FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
"""
_GROUP = "GROUP BY c.id, c.relation, c.score, c.keeper_id, c.verdict"


def replace_open(db: Database, dataset_ids: Iterable[int], found: Iterable[NewCluster]) -> int:
    """Put a new pass's clusters in place of the undecided ones of these datasets.

    A cluster that a person has decided already (same relation, same pairs) is not asked again.
    Returns how many clusters are open now for these datasets.
    """
    ids = list(dataset_ids)
    with db.write() as cursor:
        cursor.execute(
            """
            CREATE OR REPLACE TEMP TABLE stale AS
            SELECT DISTINCT c.id FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
            JOIN pairs p ON p.id = m.pair_id
            WHERE c.verdict IS NULL AND p.dataset_id IN (SELECT unnest(?::BIGINT[]))
            """,
            [ids],
        )
        cursor.execute("DELETE FROM cluster_pairs WHERE cluster_id IN (SELECT id FROM stale)")
        cursor.execute("DELETE FROM clusters WHERE id IN (SELECT id FROM stale)")
        cursor.execute("DROP TABLE stale")
        decided = {
            (row[1], tuple(row[4]))
            for row in cursor.execute(
                f"{_SELECT} WHERE c.verdict IS NOT NULL {_GROUP} ORDER BY c.id"
            ).fetchall()
        }
        fresh = [c for c in found if (c.relation, tuple(sorted(c.pair_ids))) not in decided]
        _insert(cursor, fresh)
        return len(fresh)


def counts(db: Database, *, dataset_id: int | None = None) -> dict[Relation, int]:
    """Return how many undecided clusters there are of each relation."""
    result: dict[Relation, int] = {"duplicate": 0, "paraphrase": 0, "conflict": 0, "lookalike": 0}
    where, values = _open(dataset_id)
    with db.read() as cursor:
        rows = cursor.execute(
            f"SELECT c.relation, count(*) FROM clusters c {where} GROUP BY c.relation", values
        ).fetchall()
    return result | {cast("Relation", relation): count for relation, count in rows}


def page(
    db: Database, *, relation: Relation, dataset_id: int | None = None, number: int = 1, size: int
) -> Page[Cluster]:
    """Return one page of the undecided clusters of a relation, the surest first."""
    where, values = _open(dataset_id)
    where += " AND c.relation = ?"
    values.append(relation)
    with db.read() as cursor:
        total = cursor.execute(f"SELECT count(*) FROM clusters c {where}", values).fetchone()
        rows = cursor.execute(
            f"{_SELECT} {where} {_GROUP} ORDER BY c.score DESC, c.id LIMIT ? OFFSET ?",
            [*values, size, (max(number, 1) - 1) * size],
        ).fetchall()
    return Page(
        rows=tuple(_cluster(row) for row in rows),
        number=max(number, 1),
        size=size,
        total=total[0] if total else 0,
    )


def get(db: Database, cluster_id: int) -> Cluster:
    """Return one cluster; NotFound if there is none."""
    with db.read() as cursor:
        return _get(cursor, cluster_id)


def links(db: Database, dataset_ids: Iterable[int]) -> tuple[tuple[Relation, tuple[int, ...]], ...]:
    """Return (relation, pair ids) of every cluster that touches these datasets, decided or not.

    A cluster that a person called no cluster at all is left out.
    """
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            {_SELECT}
            WHERE coalesce(c.verdict, '') <> 'not_alike' AND c.id IN (
                SELECT m2.cluster_id FROM cluster_pairs m2 JOIN pairs p ON p.id = m2.pair_id
                WHERE p.dataset_id IN (SELECT unnest(?::BIGINT[])))
            {_GROUP} ORDER BY c.id
            """,
            [list(dataset_ids)],
        ).fetchall()
    return tuple((cast("Relation", row[1]), tuple(row[4])) for row in rows)


def decide(
    db: Database, cluster_id: int, verdict: Verdict, *, keeper_id: int | None = None
) -> int | None:
    """Store a person's verdict; `keep_one` also removes the other pairs as one action.

    Returns the id of that action, None where no pair was touched.
    """
    with db.write() as cursor:
        cluster = _get(cursor, cluster_id)
        keeper = cluster.keeper_id if keeper_id is None else keeper_id
        if keeper not in cluster.pair_ids:
            raise NotFound(f"pair in cluster {cluster_id}", keeper)
        cursor.execute(
            "UPDATE clusters SET verdict = ?, keeper_id = ?, decided_at = now() WHERE id = ?",
            [verdict, keeper, cluster_id],
        )
        if verdict != "keep_one":
            return None
        removed = [(pair_id, keeper) for pair_id in cluster.pair_ids if pair_id != keeper]
        action_id = remove_duplicates_in(cursor, removed, summary=f"cluster {cluster_id}")
        cursor.execute("UPDATE clusters SET action_id = ? WHERE id = ?", [action_id, cluster_id])
        return action_id


def reopen(db: Database, cluster_id: int) -> None:
    """Take a verdict back that touched no pair; undoing an action reopens its cluster by itself."""
    with db.write() as cursor:
        _get(cursor, cluster_id)
        cursor.execute(
            "UPDATE clusters SET verdict = NULL, decided_at = NULL WHERE id = ?", [cluster_id]
        )


def _open(dataset_id: int | None) -> tuple[str, list[object]]:
    """The condition for clusters that still need a person: undecided, two or more usable pairs."""
    values: list[object] = []
    of_dataset = ""
    if dataset_id is not None:
        of_dataset = "AND p.dataset_id = ?"
        values.append(dataset_id)
    return (
        f"""
        WHERE c.verdict IS NULL AND c.id IN (
            SELECT m1.cluster_id FROM cluster_pairs m1 JOIN pairs p ON p.id = m1.pair_id
            WHERE p.status IN ('unreviewed', 'accepted') {of_dataset}
            GROUP BY m1.cluster_id HAVING count(*) > 1)
        """,
        values,
    )


def _insert(cursor: duckdb.DuckDBPyConnection, found: list[NewCluster]) -> None:
    if not found:
        return
    first = allocate(cursor, "cluster", len(found))
    numbered = list(enumerate(found, start=first))
    cursor.execute(
        """
        INSERT INTO clusters (id, relation, score, keeper_id)
        SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), unnest(?::DOUBLE[]), unnest(?::BIGINT[])
        """,
        [
            [cluster_id for cluster_id, _ in numbered],
            [cluster.relation for _, cluster in numbered],
            [cluster.score for _, cluster in numbered],
            [cluster.keeper_id for _, cluster in numbered],
        ],
    )
    members = [(cluster_id, pair) for cluster_id, c in numbered for pair in c.pair_ids]
    cursor.execute(
        "INSERT INTO cluster_pairs (cluster_id, pair_id)"
        " SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[])",
        [[cluster_id for cluster_id, _ in members], [pair for _, pair in members]],
    )


def _get(cursor: duckdb.DuckDBPyConnection, cluster_id: int) -> Cluster:
    row = cursor.execute(f"{_SELECT} WHERE c.id = ? {_GROUP}", [cluster_id]).fetchone()
    if row is None:
        raise NotFound("cluster", cluster_id)
    return _cluster(row)


def _cluster(row: tuple[object, ...]) -> Cluster:
    cluster_id, relation, score, keeper_id, pair_ids, verdict = row
    return Cluster(
        id=cast("int", cluster_id),
        relation=cast("Relation", relation),
        score=cast("float", score),
        keeper_id=cast("int", keeper_id),
        pair_ids=tuple(cast("list[int]", pair_ids)),
        verdict=cast("Verdict | None", verdict),
    )
