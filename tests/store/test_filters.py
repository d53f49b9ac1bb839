"""Filters: each narrows by what it names, and they combine."""

import pytest

from store import clusters, datasets, history, pairs, verdicts
from store.db import Database
from store.relation_types import NewCluster
from store.types import Between, Pair, PairEdit, PairFilter
from tests.builders import new_pair


@pytest.fixture
def stored(db: Database) -> tuple[Pair, ...]:
    """Six pairs of one dataset, each remarkable by something of its own."""
    dataset = datasets.create(db, "facts", "domain")
    rows = [
        new_pair("肝癌如何治疗？", "手术。", source_file="a.json"),
        new_pair("What is 50 mg?", "A DOSE", source_file="a.json"),
        new_pair("Who?", "Nobody at all, as far as anybody knows.", source_file="b.json"),
        new_pair("Was edited", "no", source_file="b.json"),
        new_pair("Has a note", "yes", source_file="b.json"),
        new_pair("Edited, then undone", "yes", source_file="b.json"),
    ]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    with db.write() as cursor:
        cursor.execute("UPDATE pairs SET tags = ['urgent', 'dose'] WHERE id = 2")
        cursor.execute("UPDATE pairs SET flags = ['trivial'], language = 'zh' WHERE id = 1")
    pairs.set_status(db, [3], "accepted")
    pairs.edit(db, 4, PairEdit(answer="yes"), expected_version=1)
    with db.write() as cursor:
        cursor.execute("UPDATE pairs SET note = 'look again' WHERE id = 5")
    pairs.edit(db, 6, PairEdit(answer="no"), expected_version=1)
    history.undo(db, history.latest(db, count=1)[0].id)
    clusters.replace_open(
        db,
        [dataset.id],
        [NewCluster("conflict", 1, 1, (1, 2)), NewCluster("lookalike", 1, 2, (2, 3))],
    )
    return tuple(pairs.each(db, matching=PairFilter()))


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        (PairFilter(), [1, 2, 3, 4, 5, 6]),
        (PairFilter(dataset_id=9), []),
        (PairFilter(statuses=("accepted", "rejected")), [3]),
        (PairFilter(tags=("dose", "other")), [2]),
        (PairFilter(flags=("trivial",)), [1]),
        (PairFilter(languages=("zh",)), [1]),
        (PairFilter(languages=("",)), [2, 3, 4, 5, 6]),
        (PairFilter(relations=("conflict",)), [1, 2]),
        (PairFilter(relations=("conflict", "lookalike")), [1, 2, 3]),
        (PairFilter(is_edited=True), [4]),
        (PairFilter(is_edited=False), [1, 2, 3, 5, 6]),
        (PairFilter(has_note=True), [5]),
        (PairFilter(has_note=False, source_file="b.json"), [3, 4, 6]),
        (PairFilter(question_length=Between(least=11)), [2, 6]),
        (PairFilter(question_length=Between(7, 10)), [1, 4, 5]),
        (PairFilter(answer_length=Between(most=3)), [1, 4, 5, 6]),
        (PairFilter(text="DOSE", source_file="a.json"), [2]),
        (PairFilter(text="e", statuses=("unreviewed",), is_edited=True), [4]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_filter_finds_what_it_names(
    db: Database, stored: tuple[Pair, ...], matching: PairFilter, expected: list[int]
):
    assert len(stored) == 6
    page = pairs.page(db, matching=matching)
    assert ([pair.id for pair in page.rows], page.total) == (expected, len(expected))
    assert [pair.id for pair in pairs.each(db, matching=matching)] == expected


def test_a_decided_cluster_is_filtered_for_no_longer(db: Database, stored: tuple[Pair, ...]):
    assert stored
    open_one = clusters.page(db, relation="conflict", size=1).rows[0]
    verdicts.decide(db, open_one.id, "both_fine")
    assert pairs.page(db, matching=PairFilter(relations=("conflict",))).total == 0
