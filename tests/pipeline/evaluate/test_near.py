"""Near misses differ from the right answer in one value and are never still right."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.contrast import Fact, beats, contrasts
from pipeline.evaluate.facts import missing, normalise
from pipeline.evaluate.near import near_misses, pool_of
from pipeline.evaluate.values import amount, same, suggested, values

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
FIELDS = ("ashmoor_harbour", "yanxi_guqin")


def field(name: str) -> list[Fact]:
    rows = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))[:80]
    return [Fact(row["input"], row["output"], tuple(row["facts"])) for row in rows]


def near(question: str, answer: str, *facts: str, accepted: tuple[str, ...] = ()) -> list[str]:
    pool = pool_of([(answer, facts), ("It took 15 days in red.", ()), ("Ann Lee, 9:10", ())])
    return list(
        near_misses(question, answer, facts=facts, accepted=accepted, pool=pool, count=9, seed="0")
    )


@pytest.mark.parametrize(
    ("answer", "facts", "found"),
    [
        ("The breakwater is 370 metres long.", (), ["370", "metres"]),
        ("It opens at 9:40 on Sunday.", (), ["9:40", "Sunday"]),
        ("It is painted cobalt blue.", (), ["cobalt blue"]),
        ("The master is Marta Quill.", (), ["Marta Quill"]),
        ("You may call it May in May.", (), ["May", "May"]),
        ("It is built of larch.", ("larch",), ["larch"]),
        ("每张琴要上十七遍漆。", (), ["十七"]),
        ("琴囊是黛绿色的，保修15年。", (), ["黛绿色", "15", "年"]),
        ("镇坊之琴名叫“雪鹭”。", (), ["雪鹭"]),
        ("坊主是沈听澜。", ("沈听澜",), ["沈听澜"]),
        ("Nothing to see here.", (), []),
    ],
)
def test_values_are_found_in_both_languages(answer: str, facts: tuple[str, ...], found: list[str]):
    assert [value.text for value in values(answer, facts)] == found


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("17", "十七", True),
        ("seventeen", "17", True),
        ("２４０", "240", True),
        ("3,500", "3500", True),
        ("二百四十", "240", True),
        ("17", "170", False),
        ("Blue", "blue", True),
        ("blue", "red", False),
    ],
)
def test_a_value_is_the_same_however_it_is_written(one: str, other: str, is_same: bool):
    assert same(one, other) is is_same


def test_only_the_value_changes_and_it_comes_from_the_set():
    made = near("How long did it take?", "It took 90 days.", "90 days")
    assert made[0] == "It took 15 days."
    assert "It took 90 weeks." in made
    assert all(missing(text, ["90 days"]) for text in made)


def test_what_the_question_says_is_left_alone():
    made = near("What is in shed 3?", "Shed 3 holds 40 ropes.")
    assert made
    assert all(text.startswith("Shed 3 holds ") for text in made)


def test_another_accepted_answer_is_no_near_miss():
    made = near("When?", "At 9:40.", accepted=("At 9:10.", "At 10:40."))
    assert made
    assert not {"At 9:10.", "At 10:40."} & set(made)


def test_where_key_facts_are_named_nothing_else_is_changed():
    made = near("When does it close?", "The 2 gates close at 9:40.", "9:40")
    assert made
    assert all(text.startswith("The 2 gates") for text in made)


@pytest.mark.parametrize("name", FIELDS)
def test_every_sample_fact_gets_wrong_answers_of_both_kinds(name: str):
    rows = field(name)
    for fact, contrast in zip(rows, contrasts(rows, 3), strict=True):
        assert len(contrast.near) == len(set(contrast.near)) == 3, fact
        assert len(contrast.others) == 3
        for wrong in (*contrast.near, *contrast.others):
            assert normalise(wrong) != normalise(fact.answer)
            assert missing(wrong, fact.facts)


def test_an_answer_that_holds_the_fact_is_no_wrong_answer_of_another_row():
    rows = [
        Fact("Cargo?", "Slate.", ("slate",)),
        Fact("Roof?", "Of slate, 9 m.", ()),
        Fact("a", "b"),
    ]
    assert contrasts(rows, 3)[0].others == ("b",)


words = st.sampled_from(
    [
        "It",
        "is",
        "37",
        "3.5",
        "metres",
        "red",
        "Ann Lee",
        "9:40",
        "十七",
        "年",
        "蓝色",
        "May",
        "“雪”",
    ]
)
sentences = st.lists(words, min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=6))
def test_no_near_miss_says_what_an_accepted_answer_says(pairs: list[tuple[str, str]]):
    rows = [Fact(question, answer) for question, answer in pairs]
    for fact, contrast in zip(rows, contrasts(rows, 3), strict=True):
        right = {normalise(each.answer) for each in rows if each.question == fact.question}
        assert not right & {normalise(wrong) for wrong in (*contrast.near, *contrast.others)}
        assert contrast.near == contrasts(rows, 3)[rows.index(fact)].near


def test_key_facts_are_suggested_with_their_units():
    assert suggested("How long is it?", "It is 370 metres long.") == ("370 metres",)
    assert suggested("What is in shed 3?", "Shed 3 holds 40 ropes.") == ("40",)
    assert suggested("Why?", "Because.") == ()


@pytest.mark.parametrize(("text", "number"), [("十", 10), ("一百零五", 105), ("三万", 30000)])
def test_chinese_numerals_are_numbers(text: str, number: float):
    assert amount(text) == number


def test_only_a_right_answer_above_every_wrong_one_beats_them():
    assert beats(-1.0, [-1.1, -2.0]) is True
    assert beats(-1.0, [-1.1, -1.0]) is False
    assert beats(-1.0, []) is None
    assert beats(None, [-1.0]) is None
