"""What is held back: unseen wordings and unseen facts, by hash and never by order."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.curate.normalise import key
from pipeline.publish import split
from pipeline.publish.outline import Outline
from pipeline.publish.pool import Close, Pool
from pipeline.publish.split import FACTS, TEST, TRAIN, Shares, assign
from store.relation_types import Relation
from tests.pipeline.publish.outlines import Row, outlined

Sides = dict[int, int]
Links = Sequence[tuple[Relation, tuple[int, ...]]]
"""(relation, ids) of clusters."""


def close(links: Links) -> Close:
    """The clusters as the store gives them, which are of two relations only."""
    members = [
        (relation == "paraphrase", n, pair_id)
        for n, (relation, ids) in enumerate(links)
        for pair_id in ids
        if relation in ("duplicate", "paraphrase")
    ]
    flags, clusters, ids = zip(*members, strict=True) if members else ((), (), ())
    return Close(
        numpy.array(flags, numpy.bool_),
        numpy.array(clusters, numpy.int64),
        numpy.array(ids, numpy.int64),
    )


def fact(first: int, answer: str, wordings: int) -> list[Row]:
    return [(first + n, f"{answer}, wording {n}?", answer) for n in range(wordings)]


def sides(
    *found: Outline,
    links: Links = (),
    share: float = 0.2,
    facts: float = 0.0,
    seed: int = 42,
    together: bool = True,
    fewest: int = split.FEWEST_FACTS,
) -> Sides:
    """The side of each pair, by its id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "FEWEST_FACTS", fewest)
        assigned = assign(Pool.of(found, close(links)), Shares(share, facts, seed, together))
    return {
        int(pair_id): int(side)
        for each, of_each in zip(found, assigned, strict=True)
        for pair_id, side in zip(each.ids, of_each, strict=True)
    }


def held(found: Sides, side: int = TEST) -> set[int]:
    return {pair_id for pair_id, mine in found.items() if mine == side}


@pytest.mark.parametrize(("wordings", "given_up"), [(1, 0), (2, 0), (3, 1), (5, 1), (10, 2)])
def test_a_fact_gives_up_its_share_of_three_wordings_or_more(wordings: int, given_up: int):
    assert len(held(sides(outlined(fact(1, "blue", wordings))))) == given_up


def test_shares_of_zero_hold_nothing_back():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 9)]
    assert set(sides(outlined(rows), share=0).values()) == {TRAIN}


def test_the_same_question_is_never_on_both_sides():
    rows = fact(1, "blue", 5) + [(n + 50, f"BLUE， wording {n}", "Blue!") for n in range(5)]
    found = sides(outlined(rows))
    assert [found[n] for n in range(1, 6)] == [found[n] for n in range(50, 55)]
    assert len(held(found)) == 2


def test_a_question_in_two_datasets_is_on_one_side():
    facts = fact(1, "blue", 5)
    twins = [(pair_id + 50, question, "Something else.") for pair_id, question, _ in facts]
    found = sides(outlined(facts), outlined(twins, "general", "general"))
    assert [found[row[0]] for row in facts] == [found[row[0]] for row in twins]


@pytest.mark.parametrize(
    ("relation", "together"), [("duplicate", False), ("duplicate", True), ("paraphrase", True)]
)
def test_nearly_one_text_is_one_wording(relation: Relation, together: bool):
    joined: Links = [(relation, (1, 2)), (relation, (2, 3)), (relation, (4, 99))]
    found = sides(outlined(fact(1, "blue", 4)), links=joined, together=together)
    assert held(found) == set()


def test_close_wordings_of_a_fact_are_tested_where_that_is_asked_for():
    rows = fact(1, "blue", 6)
    everything: Links = [("paraphrase", tuple(row[0] for row in rows))]
    assert held(sides(outlined(rows), links=everything)) == set()
    assert len(held(sides(outlined(rows), links=everything, together=False))) == 1


def test_a_fact_held_back_whole_takes_paraphrases_with_other_answers_along():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 3)]
    links: Links = [("paraphrase", (n * 10, n * 10 + 10)) for n in range(0, 20, 2)]
    found = sides(outlined(rows), links=links, facts=0.3)
    unseen = {pair_id // 20 for pair_id in held(found, FACTS)}
    assert unseen
    assert held(found, FACTS) == {row[0] for row in rows if row[0] // 20 in unseen}


@pytest.mark.parametrize("relation", ["conflict", "lookalike"])
def test_what_only_looks_alike_is_not_joined(relation: Relation):
    joined: Links = [(relation, (1, 2, 3, 4))]
    assert len(held(sides(outlined(fact(1, "blue", 4)), links=joined))) == 1


def test_an_answer_that_is_never_trained_is_not_held_back_as_a_wording():
    doubted = [(row[0] + 50, row[1], f"wrong {row[0]}") for row in fact(1, "blue", 5)]
    assert held(sides(outlined(fact(1, "blue", 5) + doubted))) == set()


def test_general_pairs_give_up_their_share_whatever_they_answer():
    rows = [(n, f"question {n}?", "Yes.") for n in range(50)]
    assert len(held(sides(outlined(rows, "general")))) == 10


def test_whole_facts_are_held_back_with_all_their_wordings():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 3)]
    found = sides(outlined(rows), share=0, facts=0.25)
    unseen = {row[2] for row in rows if found[row[0]] == FACTS}
    assert len(unseen) == 5
    assert held(found, FACTS) == {row[0] for row in rows if row[2] in unseen}


def test_who_the_model_is_and_small_fields_are_trained_whole():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 3)]
    assert held(sides(outlined(rows, "identity"), facts=0.5), FACTS) == set()
    assert held(sides(outlined(rows[: 9 * 3]), facts=0.5), FACTS) == set()


def test_another_seed_holds_other_wordings_back():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 5)]
    one, other = (held(sides(outlined(rows), seed=seed)) for seed in (1, 2))
    assert len(one) == len(other) == 20
    assert one != other


def test_pairs_that_are_added_move_hardly_any_row():
    rows = [row for n in range(100) for row in fact(n * 10, f"answer {n}", 5)]
    before = sides(outlined(rows), facts=0.1)
    added = [row for n in range(100, 105) for row in fact(n * 10, f"answer {n}", 5)]
    after = sides(outlined(rows + added), facts=0.1)
    moved = {row[2] for row in rows if before[row[0]] != after[row[0]]}
    assert len(moved) <= 5


def test_a_corrected_answer_moves_no_row_of_another_fact():
    rows = [row for n in range(20) for row in fact(n * 10, f"answer {n}", 5)]
    changed = [(pair_id, asked, answer.replace("answer 3", "3")) for pair_id, asked, answer in rows]
    assert sides(outlined(rows), facts=0.2) == sides(outlined(changed), facts=0.2)


def leaked(rows: list[Row], planted: list[tuple[int, int]], found: Sides) -> float:
    """The share of held-back rows with a planted paraphrase in training."""
    tested = {pair_id for pair_id, side in found.items() if side != TRAIN}
    twins = {one: other for pair in planted for one, other in (pair, pair[::-1])}
    bad = [pair_id for pair_id in tested if pair_id in twins and twins[pair_id] not in tested]
    return len(bad) / len(tested)


def test_planted_paraphrases_leak_from_a_random_split_and_not_from_ours():
    rows = [(n, f"question {n}?", f"answer {n // 8}") for n in range(800)]
    planted = [(n, n + 1) for n in range(0, 800, 2)]
    links: Links = [("paraphrase", pair) for pair in planted]
    drawn = set(random.Random(42).sample(range(800), 160))
    by_chance = {n: TEST if n in drawn else TRAIN for n in range(800)}
    assert leaked(rows, planted, by_chance) > 0.7
    ours = sides(outlined(rows), links=links, facts=0.1)
    assert {TEST, FACTS} <= set(ours.values())
    assert leaked(rows, planted, ours) == 0
    tested = sides(outlined(rows), links=links, facts=0.1, together=False)
    unseen = {n: FACTS if side == FACTS else TRAIN for n, side in tested.items()}
    assert leaked(rows, planted, unseen) == 0


words = st.sampled_from(["a", "b!", "B", "c 1", "d", "e", "f", "g", "一", "二？"])
relations = st.sampled_from(["duplicate", "paraphrase", "conflict", "lookalike"])
texts = st.lists(st.tuples(words, st.sampled_from("wxyz")), min_size=1, max_size=40)
graphs = st.lists(st.tuples(relations, st.lists(st.integers(0, 50), min_size=2, max_size=4)))
seeds = st.integers(0, 5)


def build(rows: list[tuple[str, str]]) -> list[Outline]:
    """The rows dealt out to three datasets, one a role."""
    numbered = [(n, *row) for n, row in enumerate(rows)]
    return [
        outlined(numbered[0::3], "domain", "clinic"),
        outlined(numbered[1::3], "identity", "me"),
        outlined(numbered[2::3], "general", "general"),
    ]


@given(texts, graphs, seeds, st.booleans())
def test_no_cluster_is_in_both_training_and_test(rows, graph, seed, together):
    """Where close wordings may be tested, it holds for copies and for facts held back whole."""
    links = [(relation, tuple(sorted(set(ids)))) for relation, ids in graph]
    found = sides(
        *build(rows), links=links, share=0.4, facts=0.4, seed=seed, together=together, fewest=2
    )
    for relation, ids in links:
        on = {found[n] for n in ids if n in found}
        if relation == "duplicate" or (relation == "paraphrase" and (together or FACTS in on)):
            assert len(on) <= 1
    by_question: dict[str, set[int]] = {}
    for n, (question, _) in enumerate(rows):
        by_question.setdefault(key(question), set()).add(found[n])
    assert all(len(each) == 1 for each in by_question.values())


@given(texts, seeds)
def test_a_wording_that_is_tested_is_of_a_fact_that_is_trained(rows, seed):
    clinic = outlined([(n, *row) for n, row in enumerate(rows)])
    found = sides(clinic, share=0.5, facts=0.5, seed=seed, fewest=2)
    trained = {rows[n][1] for n in found if found[n] == TRAIN}
    assert {rows[n][1] for n in held(found)} <= trained
    assert not {rows[n][1] for n in held(found, FACTS)} & trained


@given(texts, st.randoms())
def test_the_order_and_the_ids_of_pairs_do_not_matter(rows, chance):
    mixed = list(rows)
    chance.shuffle(mixed)

    def by_text(texts_: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        numbered = outlined([(n, *row) for n, row in enumerate(texts_)])
        found = sides(numbered, share=0.4, facts=0.3, fewest=2)
        return {row: found[n] for n, row in enumerate(texts_)}

    assert by_text(rows) == by_text(mixed)


@given(texts, graphs, st.permutations(range(4)))
def test_the_order_of_the_datasets_does_not_matter(rows, graph, order):
    links = [(relation, tuple(sorted(set(ids)))) for relation, ids in graph]
    numbered = [(n, *row) for n, row in enumerate(rows)]
    made = [
        outlined(numbered[0::4], "domain", "clinic"),
        outlined(numbered[1::4], "domain", "港口"),
        outlined(numbered[2::4], "identity", "me"),
        outlined(numbered[3::4], "general", "general"),
    ]
    moved = [made[n] for n in order]

    def split_of(datasets: list[Outline]) -> Sides:
        return sides(*datasets, links=links, share=0.4, facts=0.4, fewest=2)

    assert split_of(moved) == split_of(made)


def test_a_pair_that_a_person_tagged_is_held_back_with_its_wording():
    rows = [(1, "When is it open?", "At 8."), (2, "when is it OPEN", "At 8."), (3, "Why?", "So.")]
    outline = replace(outlined(rows), is_test=numpy.array([True, False, False]))
    assert sides(outline, share=0) == {1: TEST, 2: TEST, 3: TRAIN}
