"""What people decide about clusters, one by one or all of a kind; each decision can be undone.

Whatever removes a pair writes down why: which pair it repeats, in what relation, how close.
"""

from typing import cast

import duckdb

from store import removals
from store.actions import STATUS_FIELDS, finish, next_version, record, start
from store.clusters import get_in, is_open
from store.db import Database
from store.errors import ClusterDecided, NotFound, StalePair
from store.pair_rows import read_one
from store.relation_types import Cluster, ClusterFilter, Reason, Verdict
from store.types import PairEdit

_USABLE = "status IN ('unreviewed', 'accepted')"


def decide(
    db: Database, cluster_id: int, verdict: Verdict, *, keeper_id: int | None = None
) -> int | None:
    """Store a person's verdict; `keep_one` also removes the other usable pairs as one action.

    Returns the id of that action, None where no pair was touched. ClusterDecided if a verdict
    stands already.
    """
    with db.write() as cursor:
        keeper = _keeper(_undecided(cursor, cluster_id), keeper_id)
        _close(cursor, cluster_id, verdict, keeper)
        if verdict != "keep_one":
            return None
        return _remove_others(cursor, cluster_id)


def merge(
    db: Database, cluster_id: int, change: PairEdit, *, keeper_id: int, expected_version: int
) -> int:
    """Give the pair that stays a text made of all, and remove the others, as one action.

    StalePair if that pair is no longer the version that the text was made from, ClusterDecided if
    a verdict stands already.
    """
    with db.write() as cursor:
        keeper = _keeper(_undecided(cursor, cluster_id), keeper_id)
        pair = read_one(cursor, keeper)
        if pair.version != expected_version:
            raise StalePair(pair, expected_version)
        _close(cursor, cluster_id, "merge", keeper)
        action_id = start(cursor, "dedup", f"merge of cluster {cluster_id}")
        going = _going(cursor, "c.id = ?", [cluster_id])
        removed = [pair_id for pair_id, _ in going]
        with record(cursor, action_id, sorted([keeper, *removed])):
            cursor.execute(
                f"""
                UPDATE pairs SET question = ?, answer = ?, context = ?, facts = ?,
                       {next_version(("question", "answer", "context", "facts"))}
                WHERE id = ?
                """,
                [
                    pair.question if change.question is None else change.question,
                    pair.answer if change.answer is None else change.answer,
                    pair.context if change.context is None else change.context,
                    list(pair.facts if change.facts is None else change.facts),
                    keeper,
                ],
            )
            cursor.execute(
                f"""
                UPDATE pairs SET status = 'removed', duplicate_of = ?,
                       {next_version(STATUS_FIELDS)}
                WHERE id IN (SELECT unnest(?::BIGINT[]))
                """,
                [keeper, removed],
            )
        finish(cursor, action_id, len(removed) + 1)
        _say_why(cursor, action_id)
        cursor.execute("UPDATE clusters SET action_id = ? WHERE id = ?", [action_id, cluster_id])
        return action_id


def reopen(db: Database, cluster_id: int) -> None:
    """Take a verdict back that touched no pair; undoing an action reopens its cluster by itself."""
    with db.write() as cursor:
        get_in(cursor, cluster_id)
        cursor.execute(
            "UPDATE clusters SET verdict = NULL, decided_at = NULL WHERE id = ?", [cluster_id]
        )


def removable(db: Database, matching: ClusterFilter) -> dict[Reason | None, int]:
    """Count the pairs that keeping one of each open cluster would remove, by the reason why.

    A pair that both equals one and is an edited other counts once, as equal.
    """
    where, values = is_open(matching)
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT nullif(reason, ''), sum(n - 1) FROM (
                SELECT c.id, c.reason, count(*) AS n
                FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
                JOIN pairs p ON p.id = m.pair_id AND p.{_USABLE}
                WHERE {where} GROUP BY c.id, c.reason)
            GROUP BY ALL ORDER BY ALL
            """,
            values,
        ).fetchall()
    return {cast("Reason | None", reason): int(count) for reason, count in rows}


def decide_all(
    db: Database, matching: ClusterFilter, verdict: Verdict, *, summary: str
) -> int | None:
    """Give all open clusters that match a verdict, as one action that undo takes back whole.

    `keep_one` removes every usable pair but the keeper of each. Returns the action's id, None where
    nothing was open.
    """
    where, values = is_open(matching)
    with db.write() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE meant AS SELECT c.id FROM clusters c WHERE {where}",
            values,
        )
        if not cursor.execute("SELECT 1 FROM meant LIMIT 1").fetchone():
            return None
        if verdict == "keep_one":
            going = _going(cursor, "c.id IN (FROM meant)", [])
            action_id = removals.remove_in(cursor, going, summary=summary)
            _say_why(cursor, action_id)
        else:
            action_id = start(cursor, "dedup", summary)
        cursor.execute(
            "UPDATE clusters SET verdict = ?, decided_at = now(), action_id = ?"
            " WHERE id IN (FROM meant)",
            [verdict, action_id],
        )
        cursor.execute("DROP TABLE meant")
        return action_id


def _undecided(cursor: duckdb.DuckDBPyConnection, cluster_id: int) -> Cluster:
    cluster = get_in(cursor, cluster_id)
    if cluster.verdict is not None:
        raise ClusterDecided(cluster_id, cluster.verdict)
    return cluster


def _keeper(cluster: Cluster, keeper_id: int | None) -> int:
    keeper = cluster.keeper_id if keeper_id is None else keeper_id
    if keeper not in cluster.pair_ids:
        raise NotFound(f"pair in cluster {cluster.id}", keeper)
    return keeper


def _close(
    cursor: duckdb.DuckDBPyConnection, cluster_id: int, verdict: Verdict, keeper: int
) -> None:
    cursor.execute(
        "UPDATE clusters SET verdict = ?, keeper_id = ?, decided_at = now() WHERE id = ?",
        [verdict, keeper, cluster_id],
    )


def _remove_others(cursor: duckdb.DuckDBPyConnection, cluster_id: int) -> int:
    going = _going(cursor, "c.id = ?", [cluster_id])
    action_id = removals.remove_in(cursor, going, summary=f"cluster {cluster_id}")
    _say_why(cursor, action_id)
    cursor.execute("UPDATE clusters SET action_id = ? WHERE id = ?", [action_id, cluster_id])
    return action_id


def _going(
    cursor: duckdb.DuckDBPyConnection, where: str, values: list[object]
) -> list[tuple[int, int]]:
    """Write down which pairs go, for which keeper and why; return (pair id, keeper id).

    Where the keeper of a cluster is out of use, the oldest usable pair stays. A pair that repeats
    one which goes itself is said to repeat the one that stays.
    """
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE going AS
        WITH usable AS (
            SELECT c.id, c.relation, m.*, coalesce(
                max(c.keeper_id) FILTER (m.pair_id = c.keeper_id) OVER mine,
                min(m.pair_id) OVER mine) AS stays
            FROM clusters c JOIN cluster_pairs m ON m.cluster_id = c.id
            JOIN pairs p ON p.id = m.pair_id AND p.{_USABLE}
            WHERE {where} WINDOW mine AS (PARTITION BY c.id))
        SELECT u.pair_id, u.stays AS keeper_id, u.relation, coalesce(l.reason, u.reason) AS reason,
               coalesce(l.score, u.score) AS score,
               coalesce(l.answer_score, u.answer_score) AS answer_score
        FROM usable u LEFT JOIN links l ON l.one_id = least(u.pair_id, u.stays)
             AND l.other_id = greatest(u.pair_id, u.stays)
        WHERE u.pair_id <> u.stays
        QUALIFY row_number() OVER (
            PARTITION BY u.pair_id ORDER BY coalesce(l.score, u.score) DESC, u.stays) = 1
        """,
        values,
    )
    cursor.execute(
        "UPDATE going SET keeper_id = above.keeper_id FROM going above"
        " WHERE above.pair_id = going.keeper_id"
    )
    return cursor.execute("SELECT pair_id, keeper_id FROM going ORDER BY pair_id").fetchall()


def _say_why(cursor: duckdb.DuckDBPyConnection, action_id: int) -> None:
    cursor.execute(
        """
        INSERT INTO removals
        SELECT ?, pair_id, keeper_id, relation, reason, score, answer_score
        FROM going ORDER BY pair_id
        """,
        [action_id],
    )
    cursor.execute("DROP TABLE going")
