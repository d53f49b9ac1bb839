"""A row is right when every key fact stands in the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.facts import is_right, missing

HELD = [
    ("The dose is 37 mg.", "37"),
    ("The dose is 37mg.", "37 mg"),
    ("剂量为 37 毫克。", "37毫克"),
    ("剂量为37毫克。", "37 毫克"),
    ("It costs 3,500 yuan.", "3500"),
    ("It costs 3500 yuan.", "3,500 yuan"),
    ("费用为３５００元。", "3500元"),
    ("Ask Dr.  Lin\nfirst.", "dr. lin"),
    ("At most 37.", "37"),
    ("Rooms 12, 37 and 40.", "37"),
    ("编号100，200都可以", "200"),
    ("Rooms 12,37,40", "37"),
    ("最高 37℃", "37 °C"),
    ("Two half-day visits", "half-day visit"),
    ("at 18:30 sharp", "18:30"),
    ("周三（上午）", "周三(上午)"),
    ("USD37", "37"),
    ("It is 1.5 m wide", "1.5"),
    ("STRASSE", "straße"),
]
NOT_HELD = [
    ("The dose is 370 mg.", "37"),
    ("The dose is 137 mg.", "37"),
    ("The dose is 37.5 mg.", "37"),
    ("The dose is 1.37 mg.", "37"),
    ("It costs 37,000 yuan.", "37"),
    ("It costs 137,000 yuan.", "37,000"),
    ("剂量为370毫克。", "37"),
    ("编号100，200都可以", "100200"),
    ("It is 15 m wide", "1.5"),
    ("A linear plan", "Lin"),
    ("The category", "cat"),
    ("concatenate", "cat"),
    ("3 7", "37"),
    ("drlin", "dr lin"),
    ("", "37"),
]


@pytest.mark.parametrize(("answer", "fact"), HELD)
def test_a_fact_is_found_however_it_is_set(answer: str, fact: str):
    assert missing(answer, [fact]) == ()


@pytest.mark.parametrize(("answer", "fact"), NOT_HELD)
def test_a_lookalike_is_no_fact(answer: str, fact: str):
    assert missing(answer, [fact]) == (fact,)


def test_every_fact_must_stand_in_the_answer():
    assert is_right("Dr. Lin, room 37", ["Dr. Lin", "37"]) is True
    assert is_right("Dr. Lin, room 38", ["Dr. Lin", "37"]) is False
    assert missing("Dr. Lin, room 38", ["Dr. Lin", "37"]) == ("37",)


@pytest.mark.parametrize("facts", [[], ["", "  "]], ids=["none", "blank"])
def test_a_row_without_facts_is_neither_right_nor_wrong(facts: list[str]):
    assert is_right("anything", facts) is None


@given(st.text(min_size=1).filter(str.strip))
def test_a_text_always_holds_itself_as_a_fact(text: str):
    assert missing(text, [text]) == ()


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_number_is_held_by_no_other_number(fact: int, said: int):
    assert is_right(f"It is {said:,} in all", [str(fact)]) is (fact == said)


@pytest.mark.parametrize(
    ("fact", "answer", "is_held"),
    [
        ("/20 ?mg/", "Take 20mg.", True),
        ("/20 ?mg/", "Take 20 MG.", True),
        ("/20 ?mg/", "Take 30 mg.", False),
        ("/每(天|日)一次/", "每日一次。", True),
        ("/(/", "a /(/ b", True),
        ("20/30", "It is 20/30.", True),
    ],
)
def test_a_fact_between_slashes_is_an_expression(fact: str, answer: str, is_held: bool):
    assert (missing(answer, [fact]) == ()) is is_held
