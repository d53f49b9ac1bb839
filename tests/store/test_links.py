"""Links keep what was found, at any threshold, as long as the texts stay what they were."""

from datetime import UTC, datetime

import pyarrow
import pytest

from store import datasets, links, pairs
from store.db import Database
from store.relation_types import Link, Scan
from store.types import PairEdit
from tests.builders import new_pair

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FOUND = [
    Link(1, 2, "duplicate", 1.0, 1.0, "same"),
    Link(2, 3, "paraphrase", 0.8125, 1.0, "reworded"),
    Link(3, 4, "lookalike", 0.75, 0.5, "number"),
    Link(1, 5, "conflict", 0.625, 0.25, "answer"),
]


@pytest.fixture
def dataset(db: Database) -> int:
    """Six pairs with FOUND between them; the id of their dataset."""
    made = datasets.create(db, "facts", "domain")
    pairs.insert_many(db, made.id, [new_pair(f"q{n}") for n in range(6)], summary="test")
    store(db, made.id)
    return made.id


def store(db: Database, dataset_id: int, found: list[Link] = FOUND) -> None:
    """Store links as a scan would, on the versions that stand now."""
    of = {row["id"]: row for row in links.texts(db, dataset_id).to_pylist()}
    rows = [
        {
            **{name: getattr(link, name) for name in Link.__slots__},
            "one_version": of[link.one_id]["version"],
            "other_version": of[link.other_id]["version"],
            "one_text": of[link.one_id]["text"],
            "other_text": of[link.other_id]["text"],
        }
        for link in found
    ]
    scan = Scan(dataset_id, "wording", 0.625, "", 6, 6, 0, NOW)
    links.replace(db, scan, pyarrow.Table.from_pylist(rows, links.FOUND))


def test_a_threshold_reads_the_links_at_or_above_it(db: Database, dataset: int):
    rows = links.table(db, dataset, threshold=0.75).to_pylist()
    assert {(row["one_id"], row["other_id"], row["reason"]) for row in rows} == {
        (1, 2, "same"),
        (2, 3, "reworded"),
        (3, 4, "number"),
    }
    counted = links.counts_from(db, [dataset], threshold=0.75)
    assert counted == {"duplicate": 1, "paraphrase": 1, "conflict": 0, "lookalike": 1}


def test_the_histogram_counts_each_link_once_from_floor_to_one(db: Database, dataset: int):
    found = links.histogram(db, [dataset], floor=0.6, bins=4)
    assert found == {
        "duplicate": (0, 0, 0, 1),
        "paraphrase": (0, 0, 1, 0),
        "conflict": (1, 0, 0, 0),
        "lookalike": (0, 1, 0, 0),
    }


def test_the_links_nearest_to_a_threshold_come_first(db: Database, dataset: int):
    assert links.closest(db, [dataset], threshold=0.8, count=2) == (FOUND[1], FOUND[2])
    (only,) = links.closest(db, [dataset], threshold=0.8, count=9, relations=("conflict",))
    assert only == FOUND[3]


def test_a_new_scan_replaces_the_links_of_its_dataset_only(db: Database, dataset: int):
    other = datasets.create(db, "other", "domain").id
    store(db, other, [])
    assert set(links.scans(db)) == {dataset, other}
    store(db, dataset)
    assert links.table(db, dataset, threshold=0).num_rows == len(FOUND)


def test_a_link_of_a_pair_out_of_use_is_not_counted_and_counts_again(db: Database, dataset: int):
    pairs.set_status(db, [2], "rejected")
    counted = links.counts_from(db, [dataset], threshold=0)
    assert counted == {"duplicate": 0, "paraphrase": 0, "conflict": 1, "lookalike": 1}
    pairs.set_status(db, [2], "accepted")
    assert links.counts_from(db, [dataset], threshold=0)["duplicate"] == 1


def test_a_link_ends_with_the_text_that_it_was_found_on(db: Database, dataset: int):
    pair = pairs.get(db, 1)
    pairs.edit(db, 1, PairEdit(note="seen"), expected_version=pair.version)
    assert links.table(db, dataset, threshold=0).num_rows == 4
    pairs.edit(db, 1, PairEdit(question="Another?"), expected_version=pair.version + 1)
    rows = links.table(db, dataset, threshold=0).to_pylist()
    assert {row["one_id"] for row in rows} == {2, 3}


def test_the_links_among_some_pairs_are_those_with_both_ends_there(db: Database, dataset: int):
    assert links.among(db, [1, 2, 3]) == (FOUND[0], FOUND[1])
