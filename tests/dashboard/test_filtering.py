"""The filter in the address: what is written there is read back, and nonsense does not restrict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.review.filtering import ORDERS, Asked, from_address, to_address, without
from store.types import Between, PairFilter

DATASETS = {"clinic": 1, "身份": 2}
WORDS = st.text(min_size=1, max_size=8)
SIZES = st.none() | st.integers(0, 10**6)
FILTERS = st.builds(
    PairFilter,
    dataset_id=st.sampled_from([None, 1, 2]),
    statuses=st.sets(
        st.sampled_from(["unreviewed", "accepted", "rejected", "removed"]), max_size=4
    ).map(tuple),
    text=WORDS | st.just(""),
    tags=st.lists(WORDS, max_size=3).map(tuple),
    flags=st.lists(WORDS, max_size=2).map(tuple),
    languages=st.lists(st.sampled_from(["zh", "en", ""]), max_size=2).map(tuple),
    relations=st.lists(st.sampled_from(["conflict", "duplicate"]), max_size=2).map(tuple),
    is_edited=st.none() | st.booleans(),
    has_note=st.none() | st.booleans(),
    question_length=st.builds(Between, SIZES, SIZES),
    answer_length=st.builds(Between, SIZES, SIZES),
    source_file=WORDS | st.just(""),
)


@given(matching=FILTERS, order=st.sampled_from(ORDERS))
def test_every_list_is_read_back_from_its_address(matching: PairFilter, order):
    asked = Asked(matching, order)
    assert from_address(to_address(asked, DATASETS), DATASETS) == asked


def test_the_usual_list_needs_no_address():
    assert to_address(Asked(), DATASETS) == {}
    assert from_address({}, DATASETS) == Asked()


@pytest.mark.parametrize(
    "address",
    [{"dataset": ["gone"]}, {"question": ["x-"]}, {"answer": ["12"]}, {"edited": ["perhaps"]},
     {"cluster": ["nonsense"]}, {"order": ["sideways"]}],
    ids=lambda address: next(iter(address)),
)  # fmt: skip
def test_what_is_not_understood_does_not_restrict(address):
    assert from_address(address, DATASETS) == Asked()


def test_a_restriction_is_taken_away_value_by_value():
    matching = PairFilter(tags=("a", "b"), text="x", has_note=True)
    assert without(matching, "tags", "a").tags == ("b",)
    assert without(matching, "text").text == ""
    assert without(matching, "has_note").has_note is None
