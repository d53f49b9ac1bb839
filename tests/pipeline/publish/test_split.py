"""What is held back: unseen wordings of trained facts, by hash and never by order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.manifest import Split
from pipeline.publish.split import Links, assign
from store.types import Pair

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def pair(pair_id: int, question: str, answer: str) -> Pair:
    return Pair(
        pair_id, 1, question, answer, "", None, (), (), "accepted", None, "", "", 0, 1, NOW, NOW
    )


def fact(first: int, answer: str, wordings: int) -> list[Pair]:
    return [pair(first + n, f"{answer}, wording {n}?", answer) for n in range(wordings)]


def held(splits: dict[int, Split]) -> set[int]:
    return {pair_id for pair_id, split in splits.items() if split == "test"}


def split(facts: list[Pair], general: list[Pair], links: Links = (), share: float = 0.2):
    return assign(facts, general, links, test_share=share, seed=42)


@pytest.mark.parametrize(("wordings", "given_up"), [(1, 0), (2, 0), (3, 1), (5, 1), (10, 2)])
def test_a_fact_gives_up_its_share_of_three_wordings_or_more(wordings: int, given_up: int):
    assert len(held(split(fact(1, "blue", wordings), []))) == given_up


def test_a_share_of_zero_holds_nothing_back():
    assert held(split(fact(1, "blue", 9), fact(20, "red", 9), share=0)) == set()


def test_the_same_question_is_never_on_both_sides():
    rows = fact(1, "blue", 5) + [pair(n + 50, f"BLUE， wording {n}", "Blue!") for n in range(5)]
    splits = split(rows, [])
    assert [splits[n] for n in range(1, 6)] == [splits[n] for n in range(50, 55)]
    assert len(held(splits)) == 2


def test_a_question_in_two_datasets_is_on_one_side():
    facts = fact(1, "blue", 5)
    twins = [pair(row.id + 50, row.question, "Something else.") for row in facts]
    splits = split(facts, twins)
    assert [splits[row.id] for row in facts] == [splits[row.id] for row in twins]


@pytest.mark.parametrize("relation", ["duplicate", "paraphrase"])
def test_nearly_one_text_is_one_wording(relation):
    everything = fact(1, "blue", 4)
    joined = [(relation, (1, 2)), (relation, (2, 3))]
    assert held(split(everything, [], joined)) == set()


@pytest.mark.parametrize("relation", ["conflict", "lookalike"])
def test_what_only_looks_alike_is_not_joined(relation):
    assert len(held(split(fact(1, "blue", 4), [], [(relation, (1, 2, 3, 4))]))) == 1


def test_an_answer_that_is_never_trained_is_not_held_back():
    doubted = [pair(row.id + 50, row.question, f"wrong {row.id}") for row in fact(1, "blue", 5)]
    assert held(split(fact(1, "blue", 5) + doubted, [])) == set()


def test_general_pairs_give_up_their_share_whatever_they_answer():
    assert len(held(split([], [pair(n, f"question {n}?", "Yes.") for n in range(50)]))) == 10


def test_another_seed_holds_other_wordings_back():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 5)]
    seeds = [held(assign(rows, [], (), test_share=0.2, seed=seed)) for seed in (1, 2)]
    assert len(seeds[0]) == len(seeds[1]) == 20
    assert seeds[0] != seeds[1]


rows_in_any_order = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), max_size=25
).flatmap(st.permutations)


@given(rows_in_any_order)
def test_the_order_and_the_ids_of_pairs_do_not_matter(rows: list[tuple[str, str]]):
    def sides(texts: list[tuple[str, str]]) -> dict[tuple[str, str], Split]:
        made = [pair(n, *text) for n, text in enumerate(texts)]
        return {(p.question, p.answer): split(made, [], share=0.4)[p.id] for p in made}

    assert sides(rows) == sides(rows[::-1])


@given(rows_in_any_order)
def test_every_answer_that_is_tested_is_trained_too(rows: list[tuple[str, str]]):
    made = [pair(n, *text) for n, text in enumerate(rows)]
    splits = split(made, [], share=0.5)
    trained = {p.answer for p in made if splits[p.id] == "train"}
    assert {p.answer for p in made if splits[p.id] == "test"} <= trained
