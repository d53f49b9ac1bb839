"""A pair becomes a row in each layout, and comes back."""

import json
from dataclasses import replace

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.publish.layouts import ALL, from_row, to_row
from pipeline.publish.rows import read_rows
from store import datasets, export_rows, pairs
from store.db import Database
from store.types import NewPair, PairFilter, RowLayout, RowShape, Turn
from tests.builders import new_pair

texts = st.text(max_size=30)
whole_pairs = st.builds(
    NewPair,
    question=texts,
    answer=texts,
    context=texts,
    system=st.none() | st.text(min_size=1, max_size=30),
    history=st.lists(st.builds(Turn, texts, texts), max_size=2).map(tuple),
    facts=st.lists(texts, max_size=2).map(tuple),
)
shapes = st.builds(
    RowShape,
    layout=st.sampled_from(["format2", "format3", "sharegpt", "messages"]),
    trigger=st.sampled_from(["", "请回答：\"'\\"]),
    system=st.booleans(),
    default_system=st.sampled_from(["", "Be\nbrief."]),
    history=st.booleans(),
    facts=st.booleans(),
)
TRIGGERED = replace(ALL, layout="format3", trigger="Answer.")


def test_format2_asks_in_the_instruction():
    pair = new_pair("海有多深？", "十米。", context="港口")
    row = {"instruction": "海有多深？", "input": "港口", "output": "十米。"}
    assert to_row(pair, RowShape()) == row


def test_format3_puts_the_trigger_first_and_the_context_after_the_question():
    pair = new_pair("How deep?", "Ten metres.", context="the bay")
    row = {"instruction": "Answer.", "input": "How deep?\nthe bay", "output": "Ten metres."}
    assert to_row(pair, RowShape("format3", "Answer.")) == row


def test_conversations_hold_the_same_words_turn_by_turn():
    pair = new_pair(
        "And now?", "Ten.", context="bay", system="Be brief.", history=(Turn("a", "b"),)
    )
    asked = "Answer.\nAnd now?\nbay"
    shape = RowShape("sharegpt", "Answer.", system=True, history=True)
    assert to_row(pair, shape) == {
        "conversations": [
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": "b"},
            {"from": "human", "value": asked},
            {"from": "gpt", "value": "Ten."},
        ],
        "system": "Be brief.",
    }
    assert to_row(pair, replace(shape, layout="messages", history=False)) == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": asked},
            {"role": "assistant", "content": "Ten."},
        ]
    }


def test_the_keys_stand_in_one_order_and_fill_what_a_pair_lacks():
    row = to_row(new_pair(), ALL)
    assert list(row) == ["instruction", "input", "output", "system", "history", "facts"]
    assert (row["system"], row["history"], row["facts"]) == ("", [], [])
    told = to_row(new_pair(), replace(ALL, default_system="Be brief."))
    assert told["system"] == "Be brief."


@given(whole_pairs)
def test_a_format2_row_gives_the_same_pair_back(pair: NewPair):
    assert from_row(to_row(pair, ALL), has_trigger=False) == pair


@given(whole_pairs.filter(lambda pair: not pair.context))
def test_a_format3_row_without_a_context_gives_the_same_pair_back(pair: NewPair):
    assert from_row(to_row(pair, TRIGGERED), has_trigger=True) == pair


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(whole_pairs, min_size=1, max_size=4), shapes)
def test_the_store_writes_the_same_rows_in_every_format(
    db: Database, rows: list[NewPair], shape: RowShape
):
    home = datasets.create(db, f"d{len(datasets.summaries(db))}", "general")
    pairs.insert_many(db, home.id, rows, summary="test")
    ids = pyarrow.array([pair.id for pair in pairs.each(db, matching=PairFilter(home.id))])
    expected = [to_row(row, shape) for row in rows]
    with db.read() as cursor:
        array = export_rows.rendered(cursor, ids, shape, "json").column(0).to_pylist()
        lines = export_rows.rendered(cursor, ids, shape, "jsonl").column(0).to_pylist()
        table = export_rows.rendered(cursor, ids, shape, "parquet")
    assert all(text.startswith(",\n{") for text in array)
    assert [json.loads(text[1:]) for text in array] == expected
    assert [list(json.loads(text)) for text in lines] == [list(row) for row in expected]
    assert [json.loads(text) for text in lines] == expected
    assert table.to_pylist() == expected


@pytest.mark.parametrize("layout", ["format2", "sharegpt", "messages"])
@pytest.mark.parametrize("ending", ["json", "jsonl", "parquet"])
def test_any_file_is_read_back_as_the_same_conversation(layout: RowLayout, ending: str):
    pair = new_pair("And now?", "十。", system="Be brief.", history=(Turn("a", "b\n"),))
    row = to_row(pair, replace(ALL, layout=layout))
    if ending == "parquet":
        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), sink)
        content = sink.getvalue().to_pybytes()
    else:
        content = json.dumps([row] if ending == "json" else row, ensure_ascii=False).encode()
    (found,) = read_rows(f"x.{ending}", content)
    assert from_row(found, has_trigger=False) == pair
