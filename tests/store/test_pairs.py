"""Pairs: what goes in comes out, pages join to the whole, changes are versioned and undone."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import datasets, history, pairs, removals
from store.db import Database
from store.errors import NameTaken, NotFound, NothingToUndo, StalePair
from store.types import Neighbours, NewPair, Pair, PairEdit, PairFilter, PairSort, Turn
from tests.builders import new_pair

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NEW_PAIRS = st.builds(
    NewPair,
    question=TEXT,
    answer=TEXT,
    context=TEXT,
    system=st.none() | TEXT,
    history=st.lists(st.builds(Turn, TEXT, TEXT), max_size=2).map(tuple),
    facts=st.lists(TEXT, max_size=3).map(tuple),
    source_file=TEXT,
    source_row=st.integers(0, 10**9),
)
counter = iter(range(10**9))
SHARED_DB = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def add(db: Database, *rows: NewPair, name: str = "facts") -> tuple[Pair, ...]:
    dataset = datasets.create(db, name, "domain")
    pairs.insert_many(db, dataset.id, rows, summary="test")
    return tuple(pairs.each(db, matching=PairFilter(dataset_id=dataset.id)))


def as_given(pair: Pair) -> NewPair:
    return NewPair(**{name: getattr(pair, name) for name in NewPair.__dataclass_fields__})


@SHARED_DB
@given(rows=st.lists(NEW_PAIRS, max_size=6))
def test_pairs_come_out_as_they_went_in(db: Database, rows: list[NewPair]):
    stored = add(db, *rows, name=f"set {next(counter)}")
    assert [as_given(pair) for pair in stored] == rows


@SHARED_DB
@given(rows=st.lists(NEW_PAIRS, min_size=1, max_size=4), text=TEXT)
def test_an_undone_edit_restores_every_character(db: Database, rows: list[NewPair], text: str):
    before = add(db, *rows, name=f"set {next(counter)}")[0]
    change = PairEdit(question=text, answer=text, note=f"{text}!")
    assert pairs.edit(db, before.id, change, expected_version=1).answer == text
    history.undo(db, history.latest(db, count=1)[0].id)
    after = pairs.get(db, before.id)
    assert (as_given(after), after.note) == (as_given(before), before.note)


@pytest.mark.parametrize("size", [1, 7, 50], ids=lambda size: f"{size} a page")
def test_pages_join_to_the_whole(db: Database, size: int):
    whole = add(db, *[new_pair(f"q{n}", f"a{n}") for n in range(23)])
    joined: list[Pair] = []
    number = 1
    while rows := pairs.page(db, matching=PairFilter(), number=number, size=size).rows:
        joined += rows
        number += 1
    assert tuple(joined) == whole


def test_filters_combine(db: Database):
    first = add(db, new_pair("肝癌如何治疗？", "手术。"), new_pair("What is 50 mg?", "A DOSE"))
    add(db, new_pair("肝炎", "休息。"), name="other")
    pairs.set_status(db, [first[0].id], "accepted")
    wanted = PairFilter(dataset_id=first[0].dataset_id, statuses=("accepted",), text="肝")
    found = pairs.page(db, matching=wanted)
    assert ([p.id for p in found.rows], found.total) == ([first[0].id], 1)
    by_case = pairs.page(db, matching=PairFilter(text="a dose"))
    assert [p.id for p in by_case.rows] == [first[1].id]


def test_a_percent_sign_is_searched_as_itself(db: Database):
    _, share = add(db, new_pair("q", "half"), new_pair("q2", "50 %_"))
    assert [p.id for p in pairs.page(db, matching=PairFilter(text="%_")).rows] == [share.id]


def test_a_stale_save_is_refused_with_what_stands_now(db: Database):
    (pair,) = add(db, new_pair())
    pairs.edit(db, pair.id, PairEdit(answer="first"), expected_version=1)
    with pytest.raises(StalePair) as stale:
        pairs.edit(db, pair.id, PairEdit(answer="second"), expected_version=1)
    assert (stale.value.current.answer, stale.value.current.version) == ("first", 2)
    with pytest.raises(StalePair):
        pairs.set_status(db, [pair.id], "accepted", expected_version=1)
    assert pairs.get(db, pair.id).status == "unreviewed"


def test_a_bulk_change_is_one_action_and_one_undo(db: Database):
    stored = add(db, *[new_pair(f"q{n}") for n in range(30)])
    pairs.set_status(db, [stored[3].id], "rejected")
    action = pairs.set_status(db, [p.id for p in stored], "accepted")
    history.undo(db, action)
    assert [p.status for p in pairs.each(db, matching=PairFilter())] == [
        "rejected" if n == 3 else "unreviewed" for n in range(30)
    ]


def test_an_action_under_a_later_change_is_not_undone(db: Database):
    (pair,) = add(db, new_pair())
    first = pairs.set_status(db, [pair.id], "accepted")
    second = pairs.set_status(db, [pair.id], "rejected")
    with pytest.raises(NothingToUndo, match=f"action {second} changed"):
        history.undo(db, first)
    history.undo(db, second)
    history.undo(db, first)
    with pytest.raises(NothingToUndo, match="was undone"):
        history.undo(db, first)
    assert pairs.get(db, pair.id).status == "unreviewed"


def test_undoing_an_import_takes_its_pairs_out(db: Database):
    kept = add(db, new_pair("kept"))
    action = pairs.insert_many(db, kept[0].dataset_id, [new_pair("gone")], summary="b.json")
    history.undo(db, action)
    assert tuple(pairs.each(db, matching=PairFilter())) == kept


def test_an_import_whose_pairs_were_changed_is_not_undone(db: Database):
    (pair,) = add(db, new_pair())
    action = history.latest(db)[0]
    pairs.set_status(db, [pair.id], "accepted")
    with pytest.raises(NothingToUndo):
        history.undo(db, action.id)


def test_the_history_of_a_pair_shows_before_and_after(db: Database):
    (pair,) = add(db, new_pair(answer="old"))
    pairs.edit(db, pair.id, PairEdit(answer="new"), expected_version=1)
    (change,) = history.of_pair(db, pair.id)
    assert change.before is not None
    assert change.after is not None
    assert (change.before["answer"], change.after["answer"]) == ("old", "new")
    last = history.last_undoable(db)
    assert last is not None
    assert last.id == change.action.id


def test_ids_are_never_given_twice(db: Database):
    (gone,) = add(db, new_pair("gone"))
    history.undo(db, history.latest(db)[0].id)
    (fresh,) = add(db, new_pair("fresh"), name="other")
    assert fresh.id > gone.id


def test_a_failing_import_leaves_nothing(db: Database):
    dataset = datasets.create(db, "facts", "domain")

    def rows() -> Iterator[NewPair]:
        yield new_pair("one")
        raise ValueError("broken file")

    with pytest.raises(ValueError, match="broken"):
        pairs.insert_many(db, dataset.id, rows(), summary="x")
    assert pairs.page(db, matching=PairFilter()).total == 0
    assert history.latest(db) == ()


def test_names_and_ids_that_do_not_exist_say_so(db: Database):
    datasets.create(db, "facts", "domain")
    with pytest.raises(NameTaken, match="'facts'"):
        datasets.create(db, "facts", "general")
    with pytest.raises(NotFound, match="'nope'"):
        datasets.by_name(db, "nope")
    with pytest.raises(NotFound, match="pair 99"):
        pairs.get(db, 99)


def test_summaries_count_by_status(db: Database):
    stored = add(db, *[new_pair(f"q{n}") for n in range(5)])
    pairs.set_status(db, [stored[0].id], "accepted")
    removals.remove(db, [(stored[2].id, stored[1].id)], summary="exact")
    (summary,) = datasets.summaries(db)
    assert (summary.total, summary.usable, summary.accepted, summary.removed) == (5, 4, 1, 1)
    assert pairs.get(db, stored[2].id).duplicate_of == stored[1].id


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (0, Neighbours(None, 3, 1)),
        (1, Neighbours(1, 3, 1)),  # Filtered out itself: what is around its place.
        (2, Neighbours(1, None, 2)),
    ],
)
def test_neighbours_are_those_of_the_filtered_list(db: Database, chosen: int, expected: Neighbours):
    rows = add(db, new_pair("a"), new_pair("b"), new_pair("c"))
    pairs.set_status(db, [rows[1].id], "rejected")
    matching = PairFilter(statuses=("unreviewed",))
    assert pairs.around(db, rows[chosen].id, matching=matching) == expected


def test_each_order_is_stable_and_knows_the_place_of_what_is_filtered_out(db: Database):
    rows = add(
        db,
        new_pair("aaa", "1"),
        new_pair("b", "22"),
        new_pair("cc", "1"),
        new_pair("dd", "4444"),
    )
    with db.write() as cursor:
        cursor.execute("UPDATE pairs SET quality = id / 10 WHERE id <> 2")
    pairs.edit(db, 1, PairEdit(note="touched"), expected_version=1)
    expected = {
        PairSort("changed", True): [1, 2, 3, 4],
        PairSort("added"): [1, 2, 3, 4],
        PairSort("added", True): [4, 3, 2, 1],
        PairSort("question_length"): [2, 3, 4, 1],
        PairSort("question_length", True): [1, 3, 4, 2],
        PairSort("answer_length"): [1, 3, 2, 4],
        PairSort("answer_length", True): [4, 2, 1, 3],
        PairSort("quality"): [1, 3, 4, 2],
        PairSort("quality", True): [4, 3, 1, 2],
    }
    for order, ids in expected.items():
        page = pairs.page(db, matching=PairFilter(), order=order, size=3)
        rest = pairs.page(db, matching=PairFilter(), order=order, number=2, size=3)
        assert [pair.id for pair in (*page.rows, *rest.rows)] == ids, order
        gone = ids[1]
        pairs.set_status(db, [gone], "rejected")
        around = pairs.around(db, gone, matching=PairFilter(statuses=("unreviewed",)), order=order)
        if order.by != "changed":  # Rejecting it has just made it the last changed.
            assert around == Neighbours(ids[0], ids[2], 1), order
        pairs.set_status(db, [gone], "unreviewed")
    assert pairs.around(db, 99, matching=PairFilter()) == Neighbours(None, rows[0].id, 0)


def test_a_save_of_nothing_is_no_action(db: Database):
    (pair,) = add(db, new_pair())
    kept = pairs.edit(db, pair.id, PairEdit(answer=pair.answer), expected_version=1)
    assert (kept, history.latest(db)[0].kind) == (pair, "import")


def test_notes_and_tags_are_actions_of_their_own_kind_and_are_undone(db: Database):
    (pair,) = add(db, new_pair())
    noted = pairs.edit(db, pair.id, PairEdit(note="look"), expected_version=1)
    tagged = pairs.edit(db, pair.id, PairEdit(tags=("dose",)), expected_version=noted.version)
    assert tagged == pairs.get(db, pair.id)
    tag, note = history.latest(db, count=2)
    assert ((tag.kind, tag.summary), note.kind) == (("tag", "+dose"), "note")
    assert pairs.count(db, matching=PairFilter(is_edited=True)) == 0
    history.undo(db, tag.id)
    history.undo(db, note.id)
    after = pairs.get(db, pair.id)
    assert (after.tags, after.note) == ((), "")
