"""Judging the pairs of a store: what is written, what is judged again, cancel, processes."""

import time
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from pipeline.curate import judge, judging, quality
from pipeline.workspace import Workspace
from store import datasets, flags, pairs
from store.db import Database
from store.types import NewPair, PairEdit, PairFilter

CUT = "Tides are the rise and fall of sea levels. They are caused by the pull of the"


@pytest.fixture
def db(tmp_path: Path):
    opened = Database.open(tmp_path / "graft.duckdb")
    yield opened
    opened.close()


def fill(db: Database, *rows: tuple[str, str], role="general", name="tides") -> int:
    dataset = datasets.create(db, name, role)
    pairs.insert_many(db, dataset.id, [NewPair(*row) for row in rows], summary="tides.json")
    return dataset.id


def with_tokenizer(workspace: Workspace) -> Workspace:
    """A model whose tokens are its words: lengths can be counted by hand."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder = workspace.models / "words"
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return workspace


def test_flags_language_quality_and_lengths_are_stored(db: Database):
    fill(db, ("What are tides?", CUT), ("潮汐是什么？", "潮汐是海水周期性的涨落。"))
    done = judge.judge(db)

    first, second = pairs.by_ids(db, [1, 2])
    assert (done.judged, done.left, done.model) == (2, 0, "")
    assert (first.flags, first.language, first.quality) == (("truncated",), "en", 0.75)
    assert (second.flags, second.language, second.quality) == ((), "zh", 1.0)
    assert first.answer_tokens is not None
    assert 12 <= first.answer_tokens <= 24


def test_only_what_changed_is_judged_again(db: Database):
    fill(db, ("What are tides?", CUT), ("What is a dam?", "A dam holds water."))
    judge.judge(db)
    pairs.edit(db, 1, PairEdit(answer="Tides are waves."), expected_version=1)

    assert flags.waiting(db) == 1
    assert judge.judge(db).judged == 1
    assert pairs.get(db, 1).flags == ()


def test_a_decision_leaves_the_judgement_as_it_is(db: Database):
    fill(db, ("What are tides?", CUT))
    judge.judge(db)
    pairs.set_status(db, [1], "rejected")

    assert flags.waiting(db) == 0
    assert pairs.get(db, 1).flags == ("truncated",)


def test_a_pair_changed_meanwhile_is_not_overwritten(db: Database):
    fill(db, ("What are tides?", CUT))
    judged = judging.judged(flags.next_waiting(db, after_id=-1), judging.Setting())
    pairs.edit(db, 1, PairEdit(answer="Tides are waves."), expected_version=1)
    flags.write(db, judged)

    assert pairs.get(db, 1).flags == ()
    assert flags.waiting(db) == 1


def test_judging_is_no_action(db: Database):
    fill(db, ("What are tides?", CUT))
    judge.judge(db)
    assert pairs.get(db, 1).version == 1


def test_what_is_no_problem_stays_so_until_something_else_is_found(db: Database):
    fill(db, ("What are tides?", CUT))
    judge.judge(db)
    frame = judge.frame_of(db, 1)
    found = quality.of_pair(pairs.get(db, 1), frame)[0]
    flags.dismiss(db, 1, found.code, found.fact)
    judge.judge(db)
    assert pairs.get(db, 1).flags == ()
    assert quality.of_pair(pairs.get(db, 1), frame, flags.dismissed(db, 1)[1]) == ()

    pairs.edit(db, 1, PairEdit(answer=CUT + " big and"), expected_version=1)
    judge.judge(db)
    assert pairs.get(db, 1).flags == ("truncated",)


def test_a_dismissal_can_be_taken_back(db: Database):
    fill(db, ("What are tides?", CUT))
    found = quality.of_pair(pairs.get(db, 1), judge.frame_of(db, 1))[0]
    flags.dismiss(db, 1, found.code, found.fact)
    flags.restore(db, 1)
    judge.judge(db)
    assert pairs.get(db, 1).flags == ("truncated",)


def test_processes_of_their_own_give_the_same(db: Database, monkeypatch: pytest.MonkeyPatch):
    rows = [("What are tides?", CUT), ("你是谁？", "我是通义千问，由阿里云开发。")] * 3
    fill(db, *rows, role="identity")
    judge.judge(db)
    alone = [(pair.flags, pair.language, pair.quality) for pair in _all(db)]
    flags.forget(db)
    monkeypatch.setattr(judge, "ALONE", 0)
    seen: list[tuple[int, int]] = []
    judge.judge(db, progress=lambda done, total: seen.append((done, total)))

    assert [(pair.flags, pair.language, pair.quality) for pair in _all(db)] == alone
    assert (seen[0], seen[-1]) == ((0, 6), (6, 6))


def test_a_cancelled_pass_keeps_what_it_did_and_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    fill(db, *[("What are tides?", f"{CUT} {n} of")[:2] for n in range(6)])
    monkeypatch.setattr(flags.next_waiting, "__kwdefaults__", {"size": 2})
    done = judge.judge(db, is_cancelled=lambda: True)
    assert (done.judged, done.left) == (2, 4)
    assert judge.judge(db).judged == 4


def test_a_pass_in_processes_ends_at_once_when_it_is_cancelled_in_the_middle_of_a_chunk(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    fill(db, *[("What are tides?", "a" * 20_000) for _ in range(3_000)])
    monkeypatch.setattr(judge, "ALONE", 0)
    began = time.monotonic()
    done = judge.judge(db, is_cancelled=lambda: time.monotonic() - began > 1)
    assert (done.judged, done.left) == (0, 3_000)
    assert time.monotonic() - began < 10


def test_near_the_cut_off_lengths_are_counted_by_the_models_tokenizer(db: Database, tmp_path: Path):
    workspace = with_tokenizer(Workspace.at(tmp_path / "home"))
    fill(db, ("How long?", "word " * 2049), ("How long?", "word " * 2048))
    done = judge.judge(db, workspace)

    long, fits = pairs.by_ids(db, [1, 2])
    assert done.model == "words"
    assert (long.answer_tokens, "too_long_answer" in long.flags) == (2049, True)
    assert (fits.answer_tokens, "too_long_answer" in fits.flags) == (2048, False)


def test_a_tokenizer_that_comes_later_has_all_judged_again(db: Database, tmp_path: Path):
    workspace = Workspace.at(tmp_path / "home")
    fill(db, ("How long?", "Nine miles."))
    judge.judge(db, workspace)
    with_tokenizer(workspace)
    assert judge.judge(db, workspace).judged == 1
    assert judge.judge(db, workspace).judged == 0


def test_the_usual_language_of_a_dataset_is_no_wrong_language(db: Database):
    rows = [
        ("How do I reach you by telephone?", "请在每个工作日的上午九点到下午五点之间打电话给我们。")
    ] * 8
    fill(db, *rows)
    judge.judge(db)
    assert {pair.flags for pair in _all(db)} == {()}


def _all(db: Database):
    return pairs.page(db, matching=PairFilter()).rows
