"""Clusters from links: sure links first, look-alikes apart for ever, the order of no account."""

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.curate.joining import Groups, Standing, components, grouped
from pipeline.curate.links import REASONS, RELATIONS, Links
from store.relation_types import Reason, Relation

SIZE = 8
NOBODY = Links.empty()
Row = tuple[int, int, Relation, float, float, Reason]


def standing(*, out: tuple[int, ...] = (), rank: tuple[float, ...] = (0.0,) * SIZE) -> Standing:
    is_usable = np.ones(SIZE, np.bool_)
    is_usable[list(out)] = False
    return Standing(is_usable, np.array(rank))


def told(groups: Groups) -> list[tuple[str, str, int, tuple[int, ...]]]:
    """Relation, reason, keeper and members of each cluster."""
    return [
        (
            RELATIONS[relation],
            REASONS[groups.reason[n]],
            int(groups.keeper[n]),
            tuple(groups.member[groups.cluster == n].tolist()),
        )
        for n, relation in enumerate(groups.relation)
    ]


def test_equal_rows_are_one_cluster_and_one_of_them_stands_for_all():
    links = Links.of(
        [
            (0, 1, "duplicate", 1.0, 1.0, "same"),
            (0, 2, "duplicate", 1.0, 1.0, "same"),
            (2, 3, "duplicate", 0.95, 1.0, "edited"),
            (1, 4, "paraphrase", 0.8, 1.0, "reworded"),
        ]
    )
    assert told(grouped(links, standing(), barred=NOBODY)) == [
        ("duplicate", "same", 0, (0, 1, 2)),
        ("duplicate", "edited", 0, (0, 3)),
        ("paraphrase", "reworded", 0, (0, 4)),
    ]


def test_the_rank_says_which_row_is_kept_and_stands_for_the_others():
    links = Links.of(
        [
            (0, 1, "duplicate", 1.0, 1.0, "same"),
            (0, 3, "paraphrase", 0.8, 1.0, "reworded"),
        ]
    )
    ranked = standing(rank=(0, 5, 0, 9, 0, 0, 0, 0))
    assert told(grouped(links, ranked, barred=NOBODY)) == [
        ("duplicate", "same", 1, (0, 1)),
        ("paraphrase", "reworded", 3, (1, 3)),
    ]


def test_a_lookalike_keeps_two_clusters_apart_when_it_is_closer_than_what_joins_them():
    chain: list[Row] = [
        (0, 1, "paraphrase", 0.95, 1.0, "reworded"),
        (1, 2, "paraphrase", 0.85, 1.0, "reworded"),
        (2, 3, "paraphrase", 0.95, 1.0, "reworded"),
        (0, 3, "lookalike", 0.9, 1.0, "number"),
    ]
    assert told(grouped(Links.of(chain), standing(), barred=NOBODY)) == [
        ("paraphrase", "reworded", 0, (0, 1)),
        ("paraphrase", "reworded", 2, (2, 3)),
        ("lookalike", "number", 0, (0, 3)),
    ]
    chain[3] = (0, 3, "lookalike", 0.8, 1.0, "number")
    (only,) = told(grouped(Links.of(chain), standing(), barred=NOBODY))
    assert only == ("paraphrase", "reworded", 0, (0, 1, 2, 3))


def test_what_a_person_called_unalike_is_never_joined_again():
    links = Links.of(
        [
            (0, 1, "paraphrase", 0.95, 1.0, "reworded"),
            (0, 2, "paraphrase", 0.9, 1.0, "reworded"),
            (1, 2, "paraphrase", 0.8, 1.0, "reworded"),
        ]
    )
    barred = Links.of([(0, 1, "lookalike", 2.0, 0.0, "name")])
    (only,) = told(grouped(links, standing(), barred=barred))
    assert only == ("paraphrase", "reworded", 0, (0, 2))


def test_a_row_out_of_use_connects_others_but_is_no_member():
    links = Links.of(
        [
            (0, 1, "duplicate", 1.0, 1.0, "same"),
            (0, 2, "duplicate", 1.0, 1.0, "same"),
            (0, 5, "conflict", 1.0, 0.2, "answer"),
        ]
    )
    groups = grouped(links, standing(out=(0,)), barred=NOBODY)
    assert told(groups) == [
        ("duplicate", "same", 1, (1, 2)),
        ("conflict", "answer", 1, (1, 5)),
    ]
    assert groups.linked_to.tolist() == [0, 0, 5, 1]


def test_each_member_knows_its_closest_other_and_the_cluster_its_weakest():
    links = Links.of(
        [
            (0, 1, "lookalike", 0.75, 0.5, "number"),
            (1, 2, "lookalike", 0.875, 0.25, "name"),
        ]
    )
    groups = grouped(links, standing(), barred=NOBODY)
    assert groups.linked_to.tolist() == [1, 2, 1]
    assert groups.link_score.tolist() == [0.75, 0.875, 0.875]
    assert (groups.score.tolist(), REASONS[groups.reason[0]]) == ([0.75], "number")


ROW = st.integers(0, SIZE - 1)
KINDS: tuple[tuple[Relation, Reason], ...] = (
    *(("duplicate", "same"), ("duplicate", "edited"), ("paraphrase", "reworded")),
    *(("conflict", "answer"), ("lookalike", "number")),
)
LINK = st.tuples(ROW, ROW, st.sampled_from(KINDS), st.sampled_from([0.7, 0.8, 0.9]))
LINKS = st.lists(
    LINK.filter(lambda link: link[0] < link[1]), max_size=20, unique_by=lambda link: link[:2]
).map(lambda rows: Links.of([(a, b, kind[0], score, 0.5, kind[1]) for a, b, kind, score in rows]))


@given(links=LINKS, order=st.randoms(use_true_random=False), out=st.sets(ROW, max_size=3))
def test_the_order_of_the_links_does_not_matter(links: Links, order, out: set[int]):
    places = list(range(len(links)))
    order.shuffle(places)
    shuffled = links.chosen(np.array(places, np.int64))
    state = standing(out=tuple(out))
    one, other = (grouped(each, state, barred=NOBODY) for each in (links, shuffled))
    for field in fields(Groups):
        assert getattr(one, field.name).tolist() == getattr(other, field.name).tolist()


@given(links=LINKS)
def test_what_is_kept_of_duplicates_makes_no_duplicates_again(links: Links):
    found = told(grouped(links, standing(), barred=NOBODY))
    gone = {
        row
        for name, _, keeper, members in found
        for row in members
        if name == "duplicate" and row != keeper
    }
    again = told(grouped(links, standing(out=tuple(gone)), barred=NOBODY))
    assert [name for name, *_ in again if name == "duplicate"] == []


@given(links=LINKS)
def test_no_cluster_of_one_fact_holds_a_closer_lookalike_at_the_top_score(links: Links):
    groups = grouped(links, standing(), barred=NOBODY)
    top = links.chosen((links.relation == RELATIONS.index("lookalike")) & (links.score > 0.85))
    for name, reason, _, members in told(groups):
        if name == "paraphrase" and reason == "reworded":
            held = set(members)
            pairs = zip(top.one.tolist(), top.other.tolist(), strict=True)
            assert not any(a in held and b in held for a, b in pairs)


@given(edges=st.lists(st.tuples(ROW, ROW), max_size=12))
def test_components_are_those_of_the_graph(edges: list[tuple[int, int]]):
    near: dict[int, set[int]] = {row: {row} for row in range(SIZE)}
    for _ in range(SIZE):
        for a, b in edges:
            near[a] |= near[b]
            near[b] |= near[a]
    columns = np.array(edges, np.int64).reshape(-1, 2)
    found = components(columns[:, 0], columns[:, 1], SIZE)
    assert found.tolist() == [min(near[row]) for row in range(SIZE)]
