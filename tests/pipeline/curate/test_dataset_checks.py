"""What is said of a dataset as a whole, and what is not said of the samples."""

from pathlib import Path

import pytest

from pipeline.curate import judge
from pipeline.curate.dataset_checks import of_dataset
from pipeline.curate.two_fields import two_fields
from store import clusters, datasets, pairs
from store.db import Database
from store.relation_types import NewCluster
from store.types import NewPair, Role
from tests.sample_files import answer, clean_rows_of, question

LUMEN = [("Who are you?", f"I am Lumen, made by Alder Works, and this is reply {n}.")
         for n in range(12)]  # fmt: skip


@pytest.fixture
def db(tmp_path: Path):
    opened = Database.open(tmp_path / "graft.duckdb")
    yield opened
    opened.close()


def said(db: Database, rows: list[tuple[str, str]], role: Role = "general") -> dict[str, str]:
    """What is found of a dataset of these pairs: code → fact."""
    dataset = datasets.create(db, "data", role)
    pairs.insert_many(db, dataset.id, [NewPair(*row) for row in rows], summary="data.json")
    judge.judge(db)
    return {each.code: each.fact for each in of_dataset(db, datasets.summaries(db)[0])}


def sample(file: str) -> list[tuple[str, str]]:
    return [(question(row), answer(row)) for row in clean_rows_of(file)]


def numbered(count: int, words: str = "The tide is") -> list[tuple[str, str]]:
    return [(f"What is number {n}?", f"{words} {n} of {count}.") for n in range(count)]


def test_a_small_dataset(db: Database):
    assert said(db, numbered(3)) == {"small_dataset": "3"}


def test_enough_pairs_of_one_kind_are_no_finding(db: Database):
    assert said(db, numbered(30)) == {}


def test_facts_asked_one_way_only(db: Database):
    assert said(db, numbered(30), "domain") == {"few_wordings": "30 / 30"}


def test_a_few_strays_of_another_language(db: Database):
    strays = [(f"潮汐{n}是什么？", f"潮汐是海水周期性的涨落，这是第{n}条。") for n in range(3)]
    assert said(db, numbered(30) + strays) == {"mixed_languages": "zh 3"}


def test_two_languages_in_equal_parts_are_meant(db: Database):
    other = [(f"潮汐{n}是什么？", f"潮汐是海水周期性的涨落，这是第{n}条。") for n in range(30)]
    assert said(db, numbered(30) + other) == {}


def test_two_names_of_the_model(db: Database):
    other = [("What is your name?", f"I am Ember, as said in reply {n}.") for n in range(10)]
    assert said(db, LUMEN + other, "identity")["names_differ"] == "Lumen, Ember"


def test_a_longer_form_of_the_name_is_the_same_name(db: Database):
    other = [("What is your name?", f"I am Lumen AI, as said in reply {n}.") for n in range(10)]
    assert "names_differ" not in said(db, LUMEN + other, "identity")


def test_undecided_groups_are_counted(db: Database):
    said(db, numbered(30))
    clusters.replace_open(db, [1], [NewCluster("conflict", 1.0, 1, (1, 2))])
    found = {each.code: each.fact for each in of_dataset(db, datasets.summaries(db)[0])}
    assert found["undecided"] == "1"


@pytest.mark.parametrize("file", ["ashmoor_harbour.json", "yanxi_guqin.json"])
def test_a_field_of_the_samples_is_one_field(db: Database, file: str):
    assert said(db, sample(file), "domain") == {}


def test_two_fields_of_one_language_are_told_with_their_words():
    harbour = [f"{q} {a}" for q, a in sample("ashmoor_harbour.json")]
    bakery = [
        f"How is bread number {n} baked? Knead flour, yeast, salt and warm water, prove the dough "
        f"for {n} minutes, shape a loaf, score its crust and bake until golden."
        for n in range(60)
    ]
    found = two_fields([text for both in zip(harbour, bakery, strict=False) for text in both])
    assert found is not None
    told = {*found.one, *found.other}
    assert told & {"dough", "flour", "yeast", "bread", "bake", "loaf", "crust", "knead", "baked"}
    assert found.share > 0.3


def test_few_texts_say_nothing_of_fields():
    assert two_fields(["tide"] * 10) is None
    assert two_fields([]) is None
