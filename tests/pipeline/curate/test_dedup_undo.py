"""Whatever is removed comes back byte for byte, and a second pass has nothing left to do."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.curate import dedup
from store import clusters, datasets, history, pairs, verdicts
from store.db import Database
from store.relation_types import ClusterFilter, KeeperRule
from store.types import NewPair, Pair, PairEdit, PairFilter, Turn

# Few texts, so that many are equal; hostile ones, so that a lost byte shows.
QUESTION = st.sampled_from(
    [
        "Open?",
        "open？",
        "Ｏｐｅｎ",
        "几点开门？",
        "几点开门",
        "5 mg?",
        "50 mg?",
        "\u202eolé\u0301",
        "  ?\n",
    ]
)
ANSWER = st.one_of(st.sampled_from(["8", "８", "9", "é", "e\u0301"]), st.text(max_size=5))
TURNS = st.lists(st.builds(Turn, st.just("a"), st.text(max_size=3)), max_size=1).map(tuple)
PAIR = st.builds(
    NewPair,
    question=QUESTION,
    answer=ANSWER,
    context=st.sampled_from(["", "", " x"]),
    system=st.sampled_from([None, None, ""]),
    history=TURNS,
    facts=st.lists(st.text(max_size=3), max_size=2).map(tuple),
)
ROWS = st.lists(PAIR, min_size=1, max_size=12)
RULE = st.sampled_from(["oldest", "longest", "best"])


def told(db: Database) -> list[tuple[object, ...]]:
    """All that a person put into each pair; versions and times may rise."""
    return [_of(pair) for pair in pairs.each(db, matching=PairFilter())]


def _of(pair: Pair) -> tuple[object, ...]:
    texts = (pair.question, pair.answer, pair.context, pair.system, pair.note)
    return (pair.id, *texts, pair.history, pair.facts, pair.status, pair.duplicate_of, pair.tags)


def open_clusters(db: Database) -> list[tuple[object, ...]]:
    """The open clusters without their numbers."""
    page = clusters.page(db, matching=ClusterFilter(), size=100)
    return [(c.relation, c.reason, c.keeper_id, c.members) for c in page.rows]


@settings(max_examples=30)
@given(rows=ROWS, rule=RULE)
def test_removing_duplicates_is_idempotent_and_undo_restores_byte_for_byte(
    rows: list[NewPair], rule: KeeperRule
):
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "graft.duckdb")
        dataset = datasets.create(db, "facts", "domain").id
        pairs.insert_many(db, dataset, rows, summary="test")
        choice = dedup.Choice(keep=rule)
        dedup.run(db, [dataset], choice=choice)
        before, found = told(db), open_clusters(db)
        first = dedup.run(db, [dataset], choice=choice, apply=dedup.EDITED)
        after = told(db)
        again = dedup.run(db, [dataset], choice=choice, apply=dedup.EDITED)
        assert (again.action_id, again.removed, told(db)) == (None, 0, after)
        kept = {pair[0] for pair in after if pair[-3] == "unreviewed"}
        assert all(pair[-2] in kept for pair in after if pair[-3] == "removed")
        if first.action_id is not None:
            assert first.removed == len(before) - len(kept)
            history.undo(db, first.action_id)
        assert told(db) == before
        dedup.cluster(db, [dataset], choice)
        assert open_clusters(db) == found
        db.close()


@settings(max_examples=20)
@given(rows=ROWS, answer=st.text(max_size=20))
def test_a_merge_is_undone_byte_for_byte(rows: list[NewPair], answer: str):
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "graft.duckdb")
        dataset = datasets.create(db, "facts", "domain").id
        pairs.insert_many(db, dataset, rows, summary="test")
        dedup.run(db, [dataset])
        before = told(db)
        for cluster in clusters.page(db, matching=ClusterFilter(), size=1).rows:
            action = verdicts.merge(
                db, cluster.id, PairEdit(answer=answer),
                keeper_id=cluster.keeper_id, expected_version=1,
            )  # fmt: skip
            assert pairs.get(db, cluster.keeper_id).answer == answer
            history.undo(db, action)
        assert told(db) == before
        db.close()
