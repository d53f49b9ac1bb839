"""A workspace from before links keeps its clusters, each with its dataset and its reason."""

from pathlib import Path

import duckdb

from store import clusters, migrations
from store.db import Database
from store.relation_types import ClusterFilter

FOLDER = Path(migrations.__file__).parent


def test_older_clusters_learn_their_dataset_and_reason(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute("CREATE TABLE migrations (name VARCHAR NOT NULL, done_at TIMESTAMPTZ)")
        for step in sorted(FOLDER.glob("m00[1-4]_*.sql")):
            old.execute(step.read_text(encoding="utf-8"))
            old.execute("INSERT INTO migrations VALUES (?, now())", [step.stem])
        for pair_id in (1, 2):
            old.execute(
                """
                INSERT INTO pairs (id, dataset_id, question, answer, context, history, facts,
                    status, note, source_file, source_row, version, import_action_id, created_at,
                    updated_at)
                VALUES (?, 7, 'q', 'a', '', '[]', [], 'unreviewed', '', 'f', 1, 1, 1, now(), now())
                """,
                [pair_id],
            )
            old.execute("INSERT INTO cluster_pairs (cluster_id, pair_id) VALUES (1, ?)", [pair_id])
        old.execute(
            "INSERT INTO clusters (id, relation, score, keeper_id) VALUES (1, 'duplicate', 1.0, 1)"
        )
    db = Database.open(path)
    (found,) = clusters.page(db, matching=ClusterFilter((7,), "duplicate"), size=9).rows
    assert (found.reason, found.keeper_id, found.pair_ids) == ("same", 1, (1, 2))
    db.close()
