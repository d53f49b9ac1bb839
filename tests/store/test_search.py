"""Searching: exact, in any script, and always of what is stored now."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import datasets, history, pairs, search
from store.db import Database
from store.planes import folded
from store.types import PairEdit, PairFilter
from tests.builders import new_pair

# Few characters, so that texts hold each other; among them what takes two units of UTF-16, what
# folds to another character, and what folds to two.
TEXT = st.text("ab AＢ病肝é🧬𠀀ßİ①", max_size=6)


counter = iter(range(10**9))


def found(db: Database, text: str) -> list[int]:
    return [int(pair_id) for pair_id in search.find(db, text)]


def by_hand(wanted: str, text: str) -> bool:
    part, whole = folded(wanted).tolist(), folded(text).tolist()
    return any(whole[at : at + len(part)] == part for at in range(len(whole)))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8), wanted=TEXT.filter(bool))
def test_a_search_finds_every_pair_that_holds_the_text_and_no_other(
    db: Database, texts: list[tuple[str, str]], wanted: str
):
    dataset = datasets.create(db, f"set {next(counter)}", "domain")
    pairs.insert_many(db, dataset.id, [new_pair(q, a) for q, a in texts], summary="x")
    stored = pairs.each(db, matching=PairFilter(dataset_id=dataset.id))
    expected = [p.id for p in stored if by_hand(wanted, p.question) or by_hand(wanted, p.answer)]
    matching = PairFilter(dataset_id=dataset.id, text=wanted)
    assert list(pairs.ids(db, matching=matching)) == expected


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [("肝癌", True), ("肝癌的", False), ("LIVER", True), ("ｌｉｖｅｒ", True), ("(1)", False),
     ("癌的L", True), ("?liver", False), ("1", True), ("\0", False), ("", False)],
)  # fmt: skip
def test_case_and_width_make_no_difference(db: Database, wanted: str, is_found: bool):
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair("什么是肝癌?", "Liver cancer."), new_pair("癌的Ｌ？", "①")]
    pairs.insert_many(db, dataset.id, rows, summary="x")
    assert bool(found(db, wanted)) is is_found


def test_a_search_follows_edits_undo_imports_and_their_undoing(db: Database):
    dataset = datasets.create(db, "facts", "domain")
    pairs.insert_many(db, dataset.id, [new_pair(f"q{n}", "old") for n in range(5)], summary="x")
    assert found(db, "new") == []
    pairs.edit(db, 2, PairEdit(answer="new"), expected_version=1)
    assert (found(db, "new"), found(db, "old")) == ([2], [1, 3, 4, 5])
    pairs.set_status(db, [3], "accepted")
    assert found(db, "old") == [1, 3, 4, 5]
    action = pairs.insert_many(db, dataset.id, [new_pair("q", "newer")], summary="x")
    assert found(db, "new") == [2, 6]
    history.undo(db, action)
    history.undo(db, action - 2)
    assert (found(db, "new"), found(db, "old")) == ([], [1, 2, 3, 4, 5])


def test_more_pairs_than_one_part_holds_are_all_found(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(search, "_SEGMENT_PAIRS", 8)
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair(f"number {n} ends", "yes") for n in range(60)]
    pairs.insert_many(db, dataset.id, rows, summary="x")
    assert found(db, "7 ends") == [8, 18, 28, 38, 48, 58]
    for pair_id in range(1, 40, 2):
        pairs.edit(db, pair_id, PairEdit(answer="7 ends"), expected_version=1)
    assert found(db, "7 ends") == sorted({*range(1, 40, 2), 8, 18, 28, 38, 48, 58})
    sizes = search.lengths(db)
    assert (len(sizes.answer), *sizes.answer[:3]) == (61, -1, 6, 3)


def test_a_database_closed_meanwhile_ends_the_preparing(tmp_path):
    db = Database.open(tmp_path / "graft.duckdb")
    dataset = datasets.create(db, "facts", "domain")
    pairs.insert_many(db, dataset.id, [new_pair("q")] * 20_000, summary="x")
    search.prepare(db)
    db.close()
    assert not [t for t in threading.enumerate() if "prepare" in t.name]
    again = Database.open(tmp_path / "graft.duckdb")
    assert pairs.count(again, matching=PairFilter(text="q")) == 20_000
    again.close()
