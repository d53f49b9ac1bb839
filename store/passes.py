"""What a dedup pass over a dataset reads of its pairs and writes as clusters, in bulk.

A million pairs and 300,000 clusters go through as Arrow columns, never as objects.
"""

from collections.abc import Iterable

import duckdb
import pyarrow

from store.db import Database, allocate
from store.relation_types import KeeperRule

CLUSTERS = pyarrow.schema(
    [
        ("number", pyarrow.int64()),
        ("relation", pyarrow.string()),
        ("score", pyarrow.float32()),
        ("keeper_id", pyarrow.int64()),
        ("reason", pyarrow.string()),
    ]
)
"""One row a cluster that a pass found; words may come as dictionaries."""
MEMBERS = pyarrow.schema(
    [
        ("number", pyarrow.int64()),
        ("pair_id", pyarrow.int64()),
        ("linked_to", pyarrow.int64()),
        ("score", pyarrow.float32()),
        ("answer_score", pyarrow.float32()),
        ("reason", pyarrow.string()),
    ]
)
"""One row a member; `number` is that of its cluster."""
MOST_UNLIKE = 60
_RANK: dict[KeeperRule, str] = {
    "oldest": "0.0",
    "longest": "CAST(length(answer) AS DOUBLE)",
    "best": "coalesce(quality, -1.0)",
}


def standing(db: Database, dataset_id: int, *, keep: KeeperRule) -> pyarrow.Table:
    """Return id, is_usable and rank of every pair of a dataset, by rising id.

    Of a cluster the pair with the highest rank is to be kept, among equals the oldest.
    """
    with db.read() as cursor:
        return cursor.sql(
            "SELECT id, status IN ('unreviewed', 'accepted') AS is_usable,"
            f" {_RANK[keep]} AS rank FROM pairs WHERE dataset_id = ? ORDER BY id",
            params=[dataset_id],
        ).to_arrow_table()


def unlike(db: Database, dataset_id: int) -> pyarrow.Table:
    """Return every two pairs that a person called unalike, as links of the highest score.

    Of clusters beyond what a page shows, nobody has seen each pair beside each.
    """
    with db.read() as cursor:
        return cursor.sql(
            """
            WITH called AS (
                SELECT c.id, list(m.pair_id) AS pair_ids
                FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
                WHERE c.verdict = 'not_alike' AND c.dataset_id = ?
                GROUP BY c.id HAVING count(*) <= ?),
            each AS (SELECT id, unnest(pair_ids) AS pair_id FROM called)
            SELECT DISTINCT a.pair_id AS one_id, b.pair_id AS other_id, 'lookalike' AS relation,
                   2.0::REAL AS score, 0.0::REAL AS answer_score, 'name' AS reason
            FROM each a JOIN each b ON a.id = b.id AND a.pair_id < b.pair_id ORDER BY ALL
            """,
            params=[dataset_id, MOST_UNLIKE],
        ).to_arrow_table()


def replace_open(
    db: Database, dataset_ids: Iterable[int], found: pyarrow.Table, members: pyarrow.Table
) -> int:
    """Put a new pass's clusters (CLUSTERS, MEMBERS) in place of the undecided ones.

    A cluster that a person called fine or unalike before (same relation, same pairs) is not asked
    again. Returns how many clusters were stored.
    """
    ids = list(dataset_ids)
    with db.write() as cursor:
        stale = "FROM clusters WHERE verdict IS NULL AND dataset_id IN (SELECT unnest(?::BIGINT[]))"
        cursor.execute(f"DELETE FROM cluster_pairs WHERE cluster_id IN (SELECT id {stale})", [ids])
        cursor.execute(f"DELETE {stale}", [ids])
        cursor.register("found", found)
        cursor.register("found_members", members)
        stored = _insert(cursor, ids, allocate(cursor, "cluster", found.num_rows))
        cursor.unregister("found")
        cursor.unregister("found_members")
        return stored


def _insert(cursor: duckdb.DuckDBPyConnection, dataset_ids: list[int], first: int) -> int:
    """Store the registered clusters but those that were called fine or unalike before."""
    cursor.execute(
        """
        CREATE OR REPLACE TEMP TABLE asked_before AS
        WITH decided AS (
            SELECT c.relation, list(m.pair_id ORDER BY m.pair_id) AS pair_ids
            FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
            WHERE c.verdict IN ('both_fine', 'not_alike')
              AND c.dataset_id IN (SELECT unnest(?::BIGINT[]))
            GROUP BY c.id, c.relation),
        touched AS (
            SELECT f.number, f.relation, list(m.pair_id ORDER BY m.pair_id) AS pair_ids
            FROM found f JOIN found_members m USING (number)
            WHERE f.number IN (SELECT number FROM found_members WHERE pair_id IN (
                SELECT unnest(pair_ids) FROM decided))
            GROUP BY ALL)
        SELECT number FROM touched JOIN decided USING (relation, pair_ids)
        """,
        [dataset_ids],
    )
    row = cursor.execute(
        """
        INSERT INTO clusters (id, relation, score, keeper_id, reason, dataset_id)
        SELECT number + ?, relation, score, keeper_id, f.reason, p.dataset_id
        FROM found f JOIN pairs p ON p.id = f.keeper_id
        WHERE number NOT IN (FROM asked_before) ORDER BY relation, score DESC, number
        """,
        [first],
    ).fetchone()
    cursor.execute(
        """
        INSERT INTO cluster_pairs (cluster_id, pair_id, linked_to, score, answer_score, reason)
        SELECT number + ?, pair_id, linked_to, score, answer_score, reason FROM found_members
        WHERE number NOT IN (FROM asked_before) ORDER BY number, pair_id
        """,
        [first],
    )
    cursor.execute("DROP TABLE asked_before")
    return int(row[0]) if row else 0
