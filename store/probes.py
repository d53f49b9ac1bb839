"""What base models answered before training: taken into the store once, found again by hash.

Tags that begin with `base:` are measured, not set by a person: they are written beside the pair,
without a new version and without an action.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import cast

import duckdb
import pyarrow

from store import datasets, pairs
from store.db import Database
from store.record_types import Knowledge, KnownShare, NewProbe, Probe
from store.types import NewPair, Pair

KNOWN, SOMETIMES, UNKNOWN = "base:known", "base:sometimes", "base:unknown"
TAGS = (KNOWN, SOMETIMES, UNKNOWN)
DIGEST = """md5(question || chr(31) || context || chr(31) || array_to_string(facts, chr(31)))"""
_COLUMNS = (
    "folder, kind, base, base_sha256, source, settings, dataset_id, taken, left_out, taken_at"
)
_VERDICT = f"""CASE WHEN right_answers = answers THEN '{KNOWN}'
    WHEN right_answers > 0 THEN '{SOMETIMES}' ELSE '{UNKNOWN}' END"""


def digest(pair: Pair) -> str:
    """Return what DIGEST returns: of all that decides whether an answer is right."""
    text = "\x1f".join([pair.question, pair.context, "\x1f".join(pair.facts)])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def is_taken(db: Database, folder: str) -> bool:
    """Say whether the answers of a probe's folder were taken in."""
    with db.read() as cursor:
        found = cursor.execute("SELECT 1 FROM probes WHERE folder = ?", [folder]).fetchone()
    return found is not None


def replay_of(db: Database, base_sha256: str, source: str) -> Probe | None:
    """Return the newest replay that a base of these weights wrote, if its dataset has pairs."""
    with db.read() as cursor:
        row = cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM probes
            WHERE kind = 'replay' AND base_sha256 = ? AND source = ?
              AND dataset_id IN (SELECT dataset_id FROM pairs)
            ORDER BY taken_at DESC, folder DESC LIMIT 1
            """,
            [base_sha256, source],
        ).fetchone()
    return _probe(row) if row else None


def take_replay(db: Database, probe: NewProbe, name: str, rows: Sequence[NewPair]) -> Probe:
    """Make a general dataset of a base's answers, as one action, and remember where they are from.

    A name that is taken gets a number. A folder that was taken before changes nothing.
    """
    with db.write() as cursor:
        if known := _by_folder(cursor, probe.folder):
            return known
        free = _free(cursor, name)
        dataset = datasets.create_in(cursor, free, "general", domain="", trigger="")
        pairs.insert_many_in(cursor, dataset.id, rows, summary=free)
        return _add(cursor, probe, dataset.id, len(rows))


def take_known(db: Database, probe: NewProbe, found: Iterable[Knowledge]) -> Probe:
    """Remember what a base knows, and tag the pairs; what was changed since it was asked is not.

    A folder that was taken before changes nothing.
    """
    with db.write() as cursor:
        if known := _by_folder(cursor, probe.folder):
            return known
        cursor.register("judged", _arrow(found))
        cursor.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE fresh AS
            SELECT j.* FROM judged j JOIN pairs p ON p.id = j.pair_id AND {DIGEST} = j.digest
            """
        )
        cursor.unregister("judged")
        cursor.execute(
            "DELETE FROM base_knowledge WHERE base_sha256 = ?"
            " AND pair_id IN (SELECT pair_id FROM fresh)",
            [probe.base_sha256],
        )
        cursor.execute(
            """
            INSERT INTO base_knowledge
            SELECT pair_id, digest, ?, right_answers, answers, is_greedy_right FROM fresh
            """,
            [probe.base_sha256],
        )
        cursor.execute(
            f"""
            UPDATE pairs SET tags = list_append(
                list_filter(tags, lambda tag: NOT list_contains(?, tag)), {_VERDICT})
            FROM fresh WHERE fresh.pair_id = pairs.id
            """,
            [list(TAGS)],
        )
        count = cursor.execute("SELECT count(*) FROM fresh").fetchone()
        cursor.execute("DROP TABLE fresh")
        return _add(cursor, probe, None, count[0] if count else 0)


def shares(db: Database, base_sha256: str, dataset_ids: Sequence[int]) -> dict[int, KnownShare]:
    """Return what a base of these weights knows of the usable pairs of datasets, as of now."""
    with db.read() as cursor:
        rows = cursor.execute(
            f"""
            SELECT p.dataset_id, count(*) FILTER (verdict = '{KNOWN}'),
                   count(*) FILTER (verdict = '{SOMETIMES}'),
                   count(*) FILTER (verdict = '{UNKNOWN}'),
                   count(*) FILTER (verdict IS NULL), count(*)
            FROM (SELECT id, dataset_id, {DIGEST} AS digest FROM pairs
                  WHERE status IN ('unreviewed', 'accepted')
                    AND list_contains(?::BIGINT[], dataset_id)) p
            LEFT JOIN (SELECT pair_id, digest, {_VERDICT} AS verdict FROM base_knowledge
                       WHERE base_sha256 = ?) k ON k.pair_id = p.id AND k.digest = p.digest
            GROUP BY p.dataset_id ORDER BY p.dataset_id
            """,
            [list(dataset_ids), base_sha256],
        ).fetchall()
    return {row[0]: KnownShare(*row[1:]) for row in rows}


def _add(
    cursor: duckdb.DuckDBPyConnection, probe: NewProbe, dataset_id: int | None, taken: int
) -> Probe:
    cursor.execute(
        "INSERT INTO probes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
        [
            probe.folder,
            probe.kind,
            probe.base,
            probe.base_sha256,
            probe.source,
            json.dumps(probe.settings, ensure_ascii=False),
            dataset_id,
            taken,
            probe.left_out,
        ],
    )
    return cast("Probe", _by_folder(cursor, probe.folder))


def _by_folder(cursor: duckdb.DuckDBPyConnection, folder: str) -> Probe | None:
    row = cursor.execute(f"SELECT {_COLUMNS} FROM probes WHERE folder = ?", [folder]).fetchone()
    return _probe(row) if row else None


def _free(cursor: duckdb.DuckDBPyConnection, name: str) -> str:
    rows = cursor.execute("SELECT name FROM datasets").fetchall()
    taken, number, free = {row[0] for row in rows}, 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _arrow(found: Iterable[Knowledge]) -> pyarrow.Table:
    rows = list(found)
    return pyarrow.table(
        {
            "pair_id": pyarrow.array([row.pair_id for row in rows], pyarrow.int64()),
            "digest": pyarrow.array([row.digest for row in rows], pyarrow.string()),
            "right_answers": pyarrow.array([row.right_answers for row in rows], pyarrow.int64()),
            "answers": pyarrow.array([row.answers for row in rows], pyarrow.int64()),
            "is_greedy_right": pyarrow.array([r.is_greedy_right for r in rows], pyarrow.bool_()),
        }
    )


def _probe(row: tuple[object, ...]) -> Probe:
    values = dict(zip([name.strip() for name in _COLUMNS.split(",")], row, strict=True))
    values["settings"] = json.loads(cast("str", values["settings"]))
    return Probe(**values)  # type: ignore[arg-type]  # The columns are the fields.
