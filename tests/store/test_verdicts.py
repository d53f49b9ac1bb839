"""Verdicts: what is removed says why, what is decided for all comes back with one undo."""

import pytest

from store import clusters, datasets, history, pairs, removals, verdicts
from store.db import Database
from store.errors import ClusterDecided, StalePair
from store.relation_types import Cluster, ClusterFilter, NewCluster, Removal
from store.types import Pair, PairEdit, PairFilter
from tests.builders import new_pair


@pytest.fixture
def stored(db: Database) -> tuple[Pair, ...]:
    """Eight pairs in two duplicate clusters and a conflict."""
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair(f"q{n}", f"a{n}", facts=(f"f{n}",)) for n in range(8)]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    found = [
        NewCluster("duplicate", 1.0, 1, (1, 2, 3)),
        NewCluster("duplicate", 0.875, 5, (4, 5)),
        NewCluster("conflict", 1.0, 6, (6, 7)),
    ]
    clusters.replace_open(db, [dataset.id], found)
    return everything(db)


def everything(db: Database) -> tuple[Pair, ...]:
    return tuple(pairs.each(db, matching=PairFilter()))


def statuses(db: Database) -> str:
    """One letter a pair: u, a, or r (rejected) and x (removed)."""
    letters = {"unreviewed": "u", "accepted": "a", "rejected": "r", "removed": "x"}
    return "".join(letters[pair.status] for pair in everything(db))


def test_one_of_each_duplicate_is_kept_at_once_and_one_undo_brings_all_back(
    db: Database, stored: tuple[Pair, ...]
):
    wanted = ClusterFilter(relation="duplicate")
    assert verdicts.removable(db, wanted) == {"same": 3}
    action = verdicts.decide_all(db, wanted, "keep_one", summary="exact duplicates")
    assert action is not None
    assert statuses(db) == "uxxxuuuu"
    assert [pair.duplicate_of for pair in everything(db)][:4] == [None, 1, 1, 5]
    assert list(removals.of_action(db, action)) == [
        Removal(action, 2, 1, "duplicate", "same", 1.0, 1.0),
        Removal(action, 3, 1, "duplicate", "same", 1.0, 1.0),
        Removal(action, 4, 5, "duplicate", "same", 0.875, 1.0),
    ]
    assert [change.removal for change in history.of_pair(db, 4)][-1] == Removal(
        action, 4, 5, "duplicate", "same", 0.875, 1.0
    )
    assert clusters.counts(db)["duplicate"] == 0
    assert verdicts.decide_all(db, wanted, "keep_one", summary="again") is None
    history.undo(db, action)
    assert statuses(db) == "uuuuuuuu"
    assert clusters.counts(db)["duplicate"] == 2


def test_a_verdict_for_all_that_removes_nothing_is_undone_too(
    db: Database, stored: tuple[Pair, ...]
):
    wanted = ClusterFilter(relation="duplicate", least_score=0.95)
    action = verdicts.decide_all(db, wanted, "not_alike", summary="not alike")
    assert action is not None
    assert (statuses(db), clusters.counts(db)["duplicate"]) == ("uuuuuuuu", 1)
    history.undo(db, action)
    assert clusters.counts(db)["duplicate"] == 2


def test_a_rejected_pair_is_left_alone_and_the_next_usable_one_stays(
    db: Database, stored: tuple[Pair, ...]
):
    pairs.set_status(db, [1], "rejected")
    verdicts.decide_all(db, ClusterFilter(relation="duplicate"), "keep_one", summary="x")
    assert statuses(db) == "ruxxuuuu"


def test_a_merge_joins_two_answers_in_one_pair_and_undo_parts_them(
    db: Database, stored: tuple[Pair, ...]
):
    (conflict,) = clusters.page(db, relation="conflict", size=9).rows
    change = PairEdit(answer="a5; a6", facts=("f5", "f6"))
    action = verdicts.merge(db, conflict.id, change, keeper_id=7, expected_version=1)
    one, other = pairs.by_ids(db, [6, 7])
    assert (one.status, one.duplicate_of) == ("removed", 7)
    assert (other.answer, other.facts, other.question) == ("a5; a6", ("f5", "f6"), "q6")
    assert removals.of_pair(db, 6)[action].relation == "conflict"
    history.undo(db, action)
    assert [(p.answer, p.facts, p.status) for p in pairs.by_ids(db, [6, 7])] == [
        (p.answer, p.facts, p.status) for p in stored[5:7]
    ]
    assert clusters.get(db, conflict.id).verdict is None


def test_a_merge_made_from_an_older_text_is_refused(db: Database, stored: tuple[Pair, ...]):
    (conflict,) = clusters.page(db, relation="conflict", size=9).rows
    pairs.edit(db, 6, PairEdit(answer="newer"), expected_version=1)
    with pytest.raises(StalePair):
        verdicts.merge(db, conflict.id, PairEdit(answer="x"), keeper_id=6, expected_version=1)
    assert clusters.get(db, conflict.id).verdict is None


def the_conflict(db: Database) -> Cluster:
    (conflict,) = clusters.page(db, relation="conflict", size=9).rows
    return conflict


def test_a_decision_made_twice_is_refused_and_the_first_one_is_undone_whole(
    db: Database, stored: tuple[Pair, ...]
):
    conflict = the_conflict(db)
    action = verdicts.decide(db, conflict.id, "keep_one", keeper_id=6)
    assert action is not None
    with pytest.raises(ClusterDecided) as refused:
        verdicts.decide(db, conflict.id, "keep_one", keeper_id=6)
    assert (refused.value.cluster_id, refused.value.verdict) == (conflict.id, "keep_one")
    assert history.latest(db)[0].id == action
    history.undo(db, action)
    assert (statuses(db), clusters.get(db, conflict.id).verdict) == ("uuuuuuuu", None)


def test_another_decision_leaves_the_one_that_stands(db: Database, stored: tuple[Pair, ...]):
    conflict = the_conflict(db)
    verdicts.decide(db, conflict.id, "keep_one", keeper_id=6)
    with pytest.raises(ClusterDecided):
        verdicts.decide(db, conflict.id, "both_fine")
    with pytest.raises(ClusterDecided):
        verdicts.merge(db, conflict.id, PairEdit(answer="x"), keeper_id=6, expected_version=1)
    assert (statuses(db), clusters.get(db, conflict.id).verdict) == ("uuuuuuxu", "keep_one")


def test_a_decision_that_was_taken_back_can_be_made_again(db: Database, stored: tuple[Pair, ...]):
    conflict = the_conflict(db)
    verdicts.decide(db, conflict.id, "both_fine")
    verdicts.reopen(db, conflict.id)
    assert verdicts.decide(db, conflict.id, "keep_one") is not None
    assert statuses(db) == "uuuuuuxu"


def test_a_large_family_is_read_in_part_and_decided_whole(db: Database):
    dataset = datasets.create(db, "family", "general")
    pairs.insert_many(db, dataset.id, [new_pair(f"{n} + 1?") for n in range(100)], summary="test")
    ids = tuple(range(1, 101))
    clusters.replace_open(db, [dataset.id], [NewCluster("lookalike", 0.8, 1, ids)])
    (family,) = clusters.page(db, relation="lookalike", size=1).rows
    assert (family.size, len(family.members)) == (100, clusters.MOST_MEMBERS)
    verdicts.decide(db, family.id, "keep_one", keeper_id=90)
    assert statuses(db).count("x") == 99
