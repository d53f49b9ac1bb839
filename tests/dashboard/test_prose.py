"""What two texts differ in is marked, and soon, whatever the texts are."""

from time import process_time

import pytest

from dashboard.compare import comparing
from dashboard.parts.difference import differing
from dashboard.parts.prose import marked

LOOPING = "I am sure of it. " * 240
OTHER = "I am so sure of this. " * 200

LIMIT_S = 2.0
"""Generous: difflib takes several times as long."""


def test_two_looping_answers_are_compared_without_a_wait():
    began = process_time()
    assert comparing.likeness([LOOPING, OTHER]) == "differences"
    assert comparing.marks({"base": LOOPING, "7": OTHER}) == {"base": OTHER, "7": LOOPING}
    assert process_time() - began < LIMIT_S


@pytest.mark.parametrize("times", [20, 400], ids=["short", "long"])
def test_looping_texts_are_marked_without_a_wait(times: int):
    began = process_time()
    told = marked("no, " * times, "no " * times)
    assert process_time() - began < LIMIT_S
    assert told.count("no") == times
    assert told.count("<mark") == times


def test_long_texts_are_marked_where_they_differ():
    kept = [f"word{number}" for number in range(300)]
    changed = [*kept[:150], "other", *kept[151:]]
    told = marked(" ".join(changed), " ".join(kept))
    assert told.count("<mark") == 1
    assert ">other</mark>" in told


@pytest.mark.parametrize("times", [1, 120], ids=["short", "long"])
def test_what_differs_is_told_as_one_thing_in_place_of_another(times: int):
    told = differing(
        "每天5毫克。" * times + "共5毫克。", "每天5毫克。" * times + "共50毫克。", "number"
    )
    assert told == ("5毫克", "50毫克")


def test_looping_pairs_are_told_apart_without_a_wait():
    began = process_time()
    differing("no, " * 500, "no " * 660)
    assert process_time() - began < LIMIT_S
