"""A pair becomes an alpaca row in either layout, and comes back."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.layouts import Columns, from_row, to_row
from store.types import NewPair, Turn
from tests.builders import new_pair

ALL = Columns(system=True, history=True, facts=True)
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


def test_format2_asks_in_the_instruction():
    pair = new_pair("海有多深？", "十米。", context="港口")
    row = {"instruction": "海有多深？", "input": "港口", "output": "十米。"}
    assert to_row(pair, Columns()) == row


def test_format3_puts_the_trigger_first_and_the_context_after_the_question():
    pair = new_pair("How deep?", "Ten metres.", context="the bay")
    row = {"instruction": "Answer.", "input": "How deep?\nthe bay", "output": "Ten metres."}
    assert to_row(pair, Columns(), trigger="Answer.") == row


def test_the_keys_stand_in_one_order_and_fill_what_a_pair_lacks():
    row = to_row(new_pair(), ALL)
    assert list(row) == ["instruction", "input", "output", "system", "history", "facts"]
    assert (row["system"], row["history"], row["facts"]) == ("", [], [])


@given(whole_pairs)
def test_a_format2_row_gives_the_same_pair_back(pair: NewPair):
    assert from_row(to_row(pair, ALL), has_trigger=False) == pair


@given(whole_pairs.filter(lambda pair: not pair.context))
def test_a_format3_row_without_a_context_gives_the_same_pair_back(pair: NewPair):
    assert from_row(to_row(pair, ALL, trigger="Answer."), has_trigger=True) == pair
