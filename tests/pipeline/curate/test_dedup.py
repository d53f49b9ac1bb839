"""Dedup: finds what is planted, whatever the order, and leaves nothing to remove again."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.curate import dedup
from pipeline.curate.normalise import key
from store import clusters, datasets, history, pairs
from store.db import Database
from store.types import Pair, PairFilter, Turn
from tests.builders import new_pair
from tests.sample_files import planted, rows_of

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RELATION_OF = {"near_duplicate": "paraphrase"}


def pair(pair_id: int, question: str, answer: str = "Yes.", **fields) -> Pair:
    values: dict[str, Any] = {
        "dataset_id": 1, "context": "", "system": None, "history": (), "facts": (),
        "status": "unreviewed", "duplicate_of": None, "note": "", "source_file": "f",
        "source_row": pair_id, "version": 1, "created_at": NOW, "updated_at": NOW,
    } | fields  # fmt: skip
    return Pair(id=pair_id, question=question, answer=answer, **values)


def relations(*rows: Pair) -> list[tuple[str, tuple[int, ...]]]:
    return [(c.relation, c.pair_ids) for c in dedup.find(rows).clusters]


@pytest.mark.parametrize(
    "file", ["ashmoor_harbour.json", "yanxi_guqin.json", "general.json"], ids=str
)
def test_every_planted_relation_is_found(file: str):
    rows = [
        pair(n, row.get("input") or row["instruction"], row["output"])
        if "facts" in row
        else pair(n, row["instruction"], row["output"], context=row.get("input", ""))
        for n, row in enumerate(rows_of(file), start=1)
    ]
    found = [(c.relation, set(c.pair_ids)) for c in dedup.find(rows).clusters]
    missed = [
        flaw
        for relation in ("duplicate", "near_duplicate", "conflict", "lookalike")
        for flaw in planted(relation)
        if flaw["file"] == file
        and not any(
            relation_ == RELATION_OF.get(relation, relation) and set(flaw["rows"]) <= ids
            for relation_, ids in found
        )
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｗｈｏ are you？", "who are you?"),
        ("你是谁？", "你是谁?"),
        ("a  b\tc", "A b c."),
        ("第１０章。", "第10章."),
    ],
)
def test_width_case_space_and_punctuation_do_not_tell_texts_apart(one: str, other: str):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("1.5 mg", "15 mg"), ("-5 度", "5 度"), ("约50毫克", "约5毫克"), ("?", "!"), ("", "a")],
        *[("C#", "C"), ("5%", "5"), ("3*4", "3-4"), ("2²", "22"), ("a/b", "ab"), ("3-4", "34")],
    ],
)
def test_numbers_and_bare_punctuation_tell_texts_apart(one: str, other: str):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("rows", "relation"),
    [
        ((pair(1, "Take 5 mg twice a day?"), pair(2, "Take 50 mg twice a day?")), "lookalike"),
        ((pair(1, "发烧的病人能喝酒吗？"), pair(2, "发烧的病人不能喝酒吗？")), "lookalike"),
        (
            (
                pair(1, "What is the capital of France?", "Paris"),
                pair(2, "What is the capital of Spain?", "Madrid"),
            ),
            "lookalike",
        ),
        ((pair(1, "Where is the boat kept?"), pair(2, "Where's the boat kept?")), "paraphrase"),
        ((pair(1, "港口几点开门", "八点。"), pair(2, "港口几点开门呢", "九点。")), "conflict"),
    ],
    ids=["number", "negation", "name", "wording", "contradiction"],
)
def test_the_relation_of_two_close_questions(rows: tuple[Pair, Pair], relation: str):
    assert relations(*rows) == [(relation, (1, 2))]


def test_the_same_question_in_another_conversation_is_no_conflict():
    earlier = (Turn("Tell me of the lighthouse.", "It is blue."),)
    later = pair(2, "How old is it?", "7", history=earlier)
    assert relations(pair(1, "How old is it?", "9"), later) == []


def test_texts_without_words_match_nothing():
    assert relations(pair(1, "？？"), pair(2, "！！"), pair(3, ""), pair(4, "...")) == []


WORDS = st.sampled_from(["谁", "你", "是", "port", "open", "5", "50", "not", "the", "?"])
QUESTIONS = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)
ROWS = st.lists(st.tuples(QUESTIONS, st.sampled_from(["a", "b"])), max_size=14).map(
    lambda rows: [pair(n, q, a) for n, (q, a) in enumerate(rows, start=1)]
)


@given(rows=ROWS, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[Pair], shuffled):
    other = list(rows)
    shuffled.shuffle(other)
    assert dedup.find(rows) == dedup.find(other)


@given(rows=ROWS)
def test_what_is_kept_gives_nothing_to_remove_again(rows: list[Pair]):
    first = dedup.find(rows)
    again = dedup.find([row for row in rows if row.id in first.kept])
    assert (again.removed, again.kept) == ((), first.kept)
    assert len(first.kept) + len(first.removed) == len(rows)


def test_apply_removes_exact_duplicates_and_undo_brings_them_back(db: Database):
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair("Open?", "8"), new_pair("open？", "8"), new_pair("Shut?", "9")]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    report = dedup.run(db, [dataset.id], apply=True)
    assert report.action_id is not None
    assert [p.status for p in pairs.each(db, matching=PairFilter())][1] == "removed"
    assert dedup.run(db, [dataset.id], apply=True).action_id is None
    history.undo(db, report.action_id)
    assert {p.status for p in pairs.each(db, matching=PairFilter())} == {"unreviewed"}
    dedup.run(db, [dataset.id], apply=False)
    assert clusters.counts(db)["duplicate"] == 1
