"""Votes of a workspace from before blind comparisons name the model that won."""

from pathlib import Path

import duckdb

from store import migrations, votes
from store.db import Database

FOLDER = Path(migrations.__file__).parent


def test_a_vote_for_the_adapter_becomes_one_for_its_run(tmp_path: Path):
    path = tmp_path / "graft.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute("CREATE TABLE migrations (name VARCHAR NOT NULL, done_at TIMESTAMPTZ)")
        for step in sorted(FOLDER.glob("m00[1-8]_*.sql")):
            old.execute(step.read_text(encoding="utf-8"))
            old.execute("INSERT INTO migrations VALUES (?, now())", [step.stem])
        answers = '[["base", "a", "{}"], ["7", "b", "{}"]]'
        for number, vote in enumerate(("adapter", "base", "tie"), start=1):
            old.execute(
                "INSERT INTO comparisons VALUES (?, 'q', '{}', ?, now())", [number, answers]
            )
            old.execute("INSERT INTO votes VALUES (?, ?, now())", [number, vote])
    db = Database.open(path)
    assert [each.vote for each in votes.latest(db)] == ["tie", "base", "7"]
    assert not votes.get(db, 1).is_hidden
    db.close()
