"""What stands beside a question and an answer: repeated, reworded, contradicted."""

from pathlib import Path

import pytest

from pipeline.curate.beside import beside
from store import datasets, pairs
from store.db import Database
from store.types import NewPair

PAIRS = (
    NewPair("When does the clinic open?", "It opens at 8 in the morning."),
    NewPair("诊所几点开门？", "诊所早上八点开门。"),
    NewPair("What dose of Marfol is right?", "5 mg a day."),
)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Database:
    db = Database.open(tmp_path_factory.mktemp("beside") / "graft.duckdb")
    dataset = datasets.create(db, "clinic", "domain")
    pairs.insert_many(db, dataset.id, PAIRS, summary="pairs")
    return db


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("when does the clinic open", "It opens at 8 in the morning.", [(1, "duplicate")]),
        (
            "At what time does the clinic open?",
            "It opens at 8 in the morning.",
            [(1, "paraphrase")],
        ),
        ("When does the clinic open?", "It opens at 9 in the morning.", [(1, "conflict")]),
        ("诊所几点开门呢？", "诊所早上九点开门。", [(2, "conflict")]),
        ("Who painted the harbour?", "Nobody knows.", []),
    ],
    ids=["same", "reworded", "contradiction", "contradiction in Chinese", "nothing close"],
)
def test_the_relation_is_that_of_the_clusters(
    clinic: Database, question: str, answer: str, found: list[tuple[int, str]]
):
    given = beside(clinic, question, answer)
    assert [(each.pair.id, each.relation) for each in given] == found


def test_rejected_pairs_and_other_datasets_do_not_count(tmp_path: Path):
    db = Database.open(tmp_path / "graft.duckdb")
    one, other = (datasets.create(db, name, "domain") for name in ("one", "other"))
    for dataset in (one, other):
        pairs.insert_many(db, dataset.id, PAIRS[:1], summary="pairs")
    asked = (PAIRS[0].question, PAIRS[0].answer)
    assert [each.pair.dataset_id for each in beside(db, *asked, dataset_ids=[2])] == [2]
    pairs.set_status(db, [1], "rejected")
    assert [each.pair.id for each in beside(db, *asked)] == [2]
    db.close()
