"""Clusters, exports, runs, evaluations and votes keep what they are given."""

from datetime import UTC, datetime

import pyarrow
import pytest

from store import clusters, datasets, evaluations, exports, history, pairs, runs, verdicts, votes
from store.db import Database
from store.errors import NameTaken, NotFound
from store.record_types import Ballot, EvaluationRecord, NewComparison, RunRecord
from store.relation_types import NewCluster
from store.types import Pair, PairFilter
from tests.builders import new_pair

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def stored(db: Database) -> tuple[Pair, ...]:
    dataset = datasets.create(db, "facts", "domain")
    rows = [new_pair(f"q{n}", f"a{n}") for n in range(6)]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    return tuple(pairs.each(db, matching=PairFilter()))


def conflict(*members: Pair) -> NewCluster:
    return NewCluster("conflict", 1.0, members[0].id, tuple(p.id for p in members))


def test_a_decided_cluster_is_not_asked_again(db: Database, stored: tuple[Pair, ...]):
    dataset = stored[0].dataset_id
    found = [conflict(stored[0], stored[1]), conflict(stored[2], stored[3])]
    clusters.replace_open(db, [dataset], found)
    first = clusters.page(db, relation="conflict", size=10).rows[0]
    assert verdicts.decide(db, first.id, "both_fine") is None
    assert clusters.replace_open(db, [dataset], found) == 1
    assert clusters.counts(db)["conflict"] == 1
    verdicts.reopen(db, first.id)
    assert clusters.counts(db)["conflict"] == 2


def test_keeping_one_removes_the_others_and_can_be_undone(db: Database, stored: tuple[Pair, ...]):
    clusters.replace_open(db, [stored[0].dataset_id], [conflict(*stored[:3])])
    (cluster,) = clusters.page(db, relation="conflict", size=10).rows
    action = verdicts.decide(db, cluster.id, "keep_one", keeper_id=stored[1].id)
    removed = [p.status == "removed" for p in pairs.by_ids(db, cluster.pair_ids)]
    assert removed == [True, False, True]
    assert clusters.counts(db)["conflict"] == 0
    assert action is not None
    history.undo(db, action)
    assert {p.status for p in pairs.by_ids(db, cluster.pair_ids)} == {"unreviewed"}
    assert clusters.get(db, cluster.id).verdict is None


def test_a_keeper_outside_the_cluster_is_refused(db: Database, stored: tuple[Pair, ...]):
    clusters.replace_open(db, [stored[0].dataset_id], [conflict(stored[0], stored[1])])
    (cluster,) = clusters.page(db, relation="conflict", size=10).rows
    with pytest.raises(NotFound):
        verdicts.decide(db, cluster.id, "keep_one", keeper_id=stored[5].id)


def test_a_cluster_with_one_usable_pair_left_is_not_open(db: Database, stored: tuple[Pair, ...]):
    clusters.replace_open(db, [stored[0].dataset_id], [conflict(stored[0], stored[1])])
    pairs.set_status(db, [stored[1].id], "rejected")
    assert clusters.counts(db)["conflict"] == 0
    assert clusters.page(db, relation="conflict", size=10).total == 0


def test_what_is_close_leaves_out_contradictions_and_what_a_person_called_unalike(
    db: Database, stored: tuple[Pair, ...]
):
    dataset = stored[0].dataset_id
    a, b, c, d, e, f = (pair.id for pair in stored)
    found = [
        NewCluster("duplicate", 1.0, a, (a, b)),
        NewCluster("paraphrase", 0.9, c, (c, d)),
        NewCluster("paraphrase", 0.8, e, (e, f)),
        conflict(stored[4], stored[5]),
    ]
    clusters.replace_open(db, [dataset], found)
    *_, unalike = clusters.page(db, relation="paraphrase", size=2).rows
    verdicts.decide(db, unalike.id, "not_alike")
    told = clusters.close(db, [dataset]).to_pydict()
    assert (told["relation"], told["pair_id"]) == (
        ["duplicate"] * 2 + ["paraphrase"] * 2,
        [a, b, c, d],
    )
    assert len(set(told["cluster_id"])) == 2


def test_an_export_remembers_its_pairs_and_versions(db: Database, stored: tuple[Pair, ...]):
    members = [(stored[0].id, 1, "train"), (stored[1].id, 1, "test")]
    names = ("pair_id", "version", "split")
    table = pyarrow.table(dict(zip(names, map(list, zip(*members, strict=True)), strict=True)))
    record = exports.add(
        db, "clinic-1", "/x", recipe={"seed": 1}, manifest_sha1="abc", members=table
    )
    assert exports.listed(db) == (record,)
    assert exports.members(db, record.id) == tuple(members)
    assert (record.recipe, record.pair_count) == ({"seed": 1}, 2)
    with pytest.raises(NameTaken):
        exports.add(db, "clinic-1", "/x", recipe={}, manifest_sha1="", members=table)


def test_runs_and_evaluations_are_indexed_once(db: Database):
    run = RunRecord(1, "/runs/1", "clinic", "clinic-1", "smol", None, NOW)
    assert [runs.add_missing(db, [run]) for _ in range(2)] == [1, 0]
    assert runs.listed(db) == (run,)
    scores: dict[str, dict[str, float | None]] = {"base": {"bleu_4": 1.5}, "1": {"bleu_4": None}}
    evaluation = EvaluationRecord(1, "/evaluations/1", "clinic-1", (1,), scores, NOW)
    assert [evaluations.add_missing(db, [evaluation]) for _ in range(2)] == [1, 0]
    assert evaluations.listed(db) == (evaluation,)


def test_a_comparison_keeps_one_vote(db: Database):
    comparison = NewComparison("你是谁？", {"temperature": 0.0}, (("base", "a", "{}"),))
    comparison_id = votes.add(db, comparison)
    assert votes.get(db, comparison_id).vote is None
    votes.vote(db, comparison_id, "base")
    votes.vote(db, comparison_id, "3")
    assert votes.get(db, comparison_id).vote == "3"
    assert [(each.models, each.vote) for each in votes.ballots(db)] == [(("base",), "3")]
    assert votes.latest(db)[0].answers == comparison.answers
    with pytest.raises(NotFound):
        votes.vote(db, 99, "tie")


def test_votes_are_asked_for_one_after_another_by_list(db: Database):
    def keep(question_set: str, *, is_blind: bool = False) -> int:
        answers = (("7", "a", "{}"), ("base", "b", "{}"))
        new = NewComparison("q", {}, answers, question_set, "the reference", is_blind)
        return votes.add(db, new)

    one, two, three = keep("list", is_blind=True), keep("other"), keep("list")
    keep("")
    assert votes.open_counts(db) == {"list": 2, "other": 1}
    assert votes.next_open(db, "list") == one
    assert votes.next_open(db, "list", after=one) == three
    assert votes.next_open(db, "list", after=three) == one
    assert votes.get(db, one).is_hidden
    votes.vote(db, one, "7")
    kept = votes.get(db, one)
    assert (kept.is_hidden, kept.reference, kept.question_set) == (False, "the reference", "list")
    assert votes.next_open(db, "list", after=one) == three
    votes.vote(db, three, "tie")
    assert votes.next_open(db, "list") is None
    assert votes.ballots(db) == (
        Ballot("list", ("7", "base"), "7", True),
        Ballot("list", ("7", "base"), "tie", False),
    )
    assert two
