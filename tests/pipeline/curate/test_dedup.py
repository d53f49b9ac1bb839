"""Dedup: finds what is planted, whatever the order, and leaves nothing to remove again."""

import json
from collections.abc import Iterable

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.curate import dedup
from pipeline.curate.joining import Standing, grouped
from pipeline.curate.links import RELATIONS, Links
from pipeline.curate.near import COLUMNS, find_links
from pipeline.curate.normalise import key
from store import clusters, datasets, history, pairs
from store.db import Database
from store.types import NewPair, PairFilter, Turn
from tests.builders import new_pair
from tests.sample_files import planted, rows_of

MAY_BE = {"near_duplicate": {"duplicate", "paraphrase"}}
Found = list[tuple[str, tuple[int, ...]]]


def row(question: str, answer: str = "Yes.", **fields) -> NewPair:
    return new_pair(question, answer, **fields)


def clustered(rows: Iterable[NewPair], threshold: float = dedup.DEFAULT_THRESHOLD) -> Found:
    """The relation and places (from 1) of the clusters among rows, as a pass finds them."""
    table = pyarrow.Table.from_pylist(
        [
            {
                "question": each.question,
                "answer": each.answer,
                "context": each.context,
                "system": each.system,
                "history": json.dumps([[turn.question, turn.answer] for turn in each.history]),
            }
            for each in rows
        ],
        schema=pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS]),
    )
    standing = Standing(np.ones(table.num_rows, np.bool_), np.zeros(table.num_rows))
    links = find_links(table, floor=threshold)
    groups = grouped(links, standing, barred=Links.empty())
    return [
        (
            RELATIONS[relation],
            tuple(int(n) + 1 for n in groups.member[groups.cluster == number]),
        )
        for number, relation in enumerate(groups.relation)
    ]


@pytest.mark.parametrize(
    "file", ["ashmoor_harbour.json", "yanxi_guqin.json", "general.json"], ids=str
)
def test_every_planted_relation_is_found(file: str):
    rows = [
        row(each.get("input") or each["instruction"], each["output"])
        if "facts" in each
        else row(each["instruction"], each["output"], context=each.get("input", ""))
        for each in rows_of(file)
    ]
    found = clustered(rows)
    missed = [
        flaw
        for relation in ("duplicate", "near_duplicate", "conflict", "lookalike")
        for flaw in planted(relation)
        if flaw["file"] == file
        and not any(
            relation_ in MAY_BE.get(relation, {relation}) and set(flaw["rows"]) <= set(ids)
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
        ((row("Take 5 mg twice a day?"), row("Take 50 mg twice a day?")), "lookalike"),
        ((row("发烧的病人能喝酒吗？"), row("发烧的病人不能喝酒吗？")), "lookalike"),
        (
            (
                row("What is the capital of France?", "Paris"),
                row("What is the capital of Spain?", "Madrid"),
            ),
            "lookalike",
        ),
        ((row("Where is the boat kept?"), row("Where's the boat kept?")), "duplicate"),
        (
            (
                row("Where is the boat kept in winter?", "In the shed behind the old mill."),
                row(
                    "In winter, in which place is the boat kept?",
                    "In the shed behind the old mill.",
                ),
            ),
            "paraphrase",
        ),
        ((row("港口几点开门", "八点。"), row("港口几点开门呢", "九点。")), "conflict"),
    ],
    ids=["number", "negation", "name", "edit", "wording", "contradiction"],
)
def test_the_relation_of_two_close_questions(rows: tuple[NewPair, NewPair], relation: str):
    assert clustered(rows) == [(relation, (1, 2))]


def test_the_same_question_in_another_conversation_is_no_conflict():
    earlier = (Turn("Tell me of the lighthouse.", "It is blue."),)
    later = row("How old is it?", "7", history=earlier)
    assert clustered([row("How old is it?", "9"), later]) == []


def test_texts_without_words_match_nothing():
    assert clustered([row("？？"), row("！！"), row(""), row("...")]) == []


WORDS = st.sampled_from(["谁", "你", "是", "port", "open", "5", "50", "not", "the", "?"])
QUESTIONS = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)
ROWS = st.lists(st.builds(row, QUESTIONS, st.sampled_from(["a", "b"])), max_size=14)


@given(rows=ROWS)
def test_what_is_kept_gives_nothing_to_remove_again(rows: list[NewPair]):
    gone = {n for name, ids in clustered(rows) if name == "duplicate" for n in ids[1:]}
    kept = [each for n, each in enumerate(rows, start=1) if n not in gone]
    assert [ids for name, ids in clustered(kept) if name == "duplicate"] == []


def test_apply_removes_exact_duplicates_and_undo_brings_them_back(db: Database):
    dataset = datasets.create(db, "facts", "domain")
    rows = [row("Open?", "8"), row("open？", "8"), row("Shut?", "9")]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    report = dedup.run(db, [dataset.id], apply=dedup.EXACT)
    assert report.action_id is not None
    assert (report.pairs, report.removed, report.removable["same"]) == (3, 1, 1)
    assert [p.status for p in pairs.each(db, matching=PairFilter())][1] == "removed"
    assert dedup.run(db, [dataset.id], apply=dedup.EXACT).action_id is None
    history.undo(db, report.action_id)
    assert {p.status for p in pairs.each(db, matching=PairFilter())} == {"unreviewed"}
    assert clusters.counts(db)["duplicate"] == 1
