"""What a base is asked goes on where it was, whatever interrupts it, and is taken in once."""

import time
from functools import partial
from pathlib import Path

import pytest

from pipeline import rows
from pipeline.errors import BadInput, DoesNotHold
from pipeline.models.fingerprint import CACHE, weights_sha256
from pipeline.probe import jobs, known, replay, settle
from pipeline.probe.answers import ProbeAnswer
from pipeline.probe.known import KnownOptions
from pipeline.probe.replay import HOME, ReplayOptions
from pipeline.workspace import Workspace
from store import datasets, pairs, probes
from store.db import Database
from store.record_types import KnownShare
from store.types import PairEdit, PairFilter
from tests.builders import new_pair
from tests.template_models import make

WORKER = "tests.pipeline.probe.fake_worker"
write = partial(replay.launch, worker=WORKER)
FEW = ReplayOptions(limit=6, device="cpu")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make("qwen2.5", tmp_path / "models" / "qwen")


@pytest.fixture
def harbour(db: Database) -> list[int]:
    """Six pairs with key facts, one without."""
    dataset = datasets.create(db, "harbour", "domain", trigger="Answer about the harbour.")
    made = [new_pair(f"How deep is berth {n}?", f"{n + 30} m", facts=(f"{n + 30}",))
            for n in range(6)]  # fmt: skip
    pairs.insert_many(db, dataset.id, [*made, new_pair("Why?", "So.")], summary="")
    return list(pairs.ids(db, matching=PairFilter(dataset.id)))


def how(workspace: Workspace, word: str) -> None:
    """Say what the stand-in of the worker does."""
    (workspace.probes / "fake").write_text(word)


def ask(workspace: Workspace, model: Path, db: Database, samples: int = 2) -> jobs.Probe:
    asked = known.questions(db, ["harbour"])
    options = KnownOptions(samples=samples, device="cpu")
    probe = known.launch(workspace, model, ["harbour"], asked, options, worker=WORKER)
    return jobs.wait(workspace, probe.id)


def test_a_replay_becomes_a_general_dataset_that_says_where_it_is_from(workspace, model, db):
    probe = jobs.wait(workspace, write(workspace, model, FEW).id)
    taken = replay.take(db, workspace, probe)
    dataset = datasets.get(db, taken.dataset_id or 0)
    assert (dataset.name, dataset.role, taken.taken, taken.left_out) == (
        "replay-qwen", "general", 6, 0,
    )  # fmt: skip
    first = next(pairs.each(db, matching=PairFilter(dataset.id)))
    assert first.source_file == f"qwen {taken.base_sha256[:12]} general-1"
    assert (first.source_row, first.answer) == (1, "About 1.")
    assert taken.settings["max_new_tokens"] == 256
    assert taken.settings["system_prompt"] == "none"


def test_the_same_weights_find_their_replay_again_and_others_do_not(workspace, model, db, tmp_path):
    probe = jobs.wait(workspace, write(workspace, model, FEW).id)
    taken = replay.take(db, workspace, probe)
    assert replay.take(db, workspace, probe) == taken
    moved = make("qwen2.5", tmp_path / "elsewhere")
    assert replay.known(db, workspace, moved) == taken
    (moved / "model.safetensors").write_bytes((4).to_bytes(8, "little") + b"{}  ")
    assert replay.known(db, workspace, moved) is None
    assert len(datasets.summaries(db)) == 1


def test_the_same_request_twice_asks_once(workspace, model):
    how(workspace, "hang")
    first = write(workspace, model, FEW)
    assert write(workspace, model, FEW).id == first.id
    jobs.stop(workspace, first.id)
    assert jobs.wait(workspace, first.id).work.state == "stopped"


def test_a_stopped_replay_goes_on_and_asks_nothing_twice(workspace, model, db):
    how(workspace, "hang")
    first = write(workspace, model, FEW)
    while not rows.read(first.folder, ProbeAnswer):
        time.sleep(0.02)
    jobs.stop(workspace, first.id)
    jobs.wait(workspace, first.id)
    with pytest.raises(DoesNotHold, match="stopped, so it has no dataset"):
        replay.take(db, workspace, jobs.read(workspace, first.id))
    how(workspace, "answer")
    done = jobs.wait(workspace, write(workspace, model, FEW).id)
    assert (done.id, done.work.is_finished) == (first.id, True)
    keys = [answer.key for answer in rows.read(done.folder, ProbeAnswer)]
    assert len(keys) == len(set(keys)) == 6


def test_a_killed_worker_is_a_failure_that_says_so_and_can_go_on(workspace, model):
    how(workspace, "die")
    died = jobs.wait(workspace, write(workspace, model, FEW).id)
    assert died.work.state == "failed"
    assert died.work.failure
    assert "SIGKILL" in died.work.failure.message
    how(workspace, "answer")
    assert jobs.wait(workspace, write(workspace, model, FEW).id).work.is_finished


def test_answers_without_an_end_teach_nothing_and_are_left_out(workspace, model, db):
    how(workspace, "long")
    probe = jobs.wait(workspace, write(workspace, model, FEW).id)
    with pytest.raises(DoesNotHold, match="None of the 6 answers ended within 256 tokens"):
        replay.take(db, workspace, probe)
    assert datasets.summaries(db) == ()


def test_the_shipped_prompts_are_even_in_both_languages_and_all_different():
    listed = replay.prompts(ReplayOptions())
    english = replay.prompts(ReplayOptions(language="en"))
    chinese = replay.prompts(ReplayOptions(language="zh"))
    assert len(english) == len(chinese) == 97
    assert len({question.instruction for question in listed}) == 194
    assert all(max(q.instruction) >= "一" or "“" in q.instruction for q in chinese)
    assert len({q.key for q in replay.prompts(ReplayOptions(limit=20))}) == 20
    assert (HOME / "README.md").is_file()


def test_pairs_are_tagged_by_how_often_the_base_was_right(workspace, model, db, harbour):
    taken = known.take(db, workspace, ask(workspace, model, db))
    tags = {pair.id: pair.tags for pair in pairs.by_ids(db, harbour)}
    assert tags == {
        pair_id: (("base:known",) if pair_id % 2 == 0 else ("base:sometimes",))
        for pair_id in harbour[:-1]
    } | {harbour[-1]: ()}
    assert taken.taken == 6
    (share,) = probes.shares(db, taken.base_sha256, [1]).values()
    assert share == KnownShare(3, 3, 0, 1, 7)


def test_asking_again_changes_the_tag_and_keeps_peoples_own(workspace, model, db, harbour):
    with db.write() as cursor:
        cursor.execute("UPDATE pairs SET tags = ['mine', 'base:unknown']")
    known.take(db, workspace, ask(workspace, model, db, samples=0))
    known.take(db, workspace, ask(workspace, model, db, samples=2))
    tagged = pairs.by_ids(db, harbour)[0]
    assert tagged.tags == ("mine", "base:sometimes" if tagged.id % 2 else "base:known")
    assert tagged.version == 1


def test_a_pair_that_was_changed_since_is_not_judged(workspace, model, db, harbour):
    probe = ask(workspace, model, db)
    changed = pairs.edit(db, harbour[0], PairEdit(facts=("31", "m")), expected_version=1)
    pairs.set_status(db, [harbour[1]], "accepted")
    taken = known.take(db, workspace, probe)
    assert taken.taken == 5
    assert pairs.get(db, changed.id).tags == ()
    assert pairs.get(db, harbour[1]).tags
    pairs.edit(db, harbour[2], PairEdit(question="How wide?"), expected_version=1)
    (share,) = probes.shares(db, taken.base_sha256, [1]).values()
    assert (share.open, share.total) == (3, 7)


def test_pairs_without_key_facts_cannot_be_judged(db, harbour):
    datasets.create(db, "empty", "domain")
    with pytest.raises(BadInput, match="has key facts"):
        known.questions(db, ["empty"])
    assert [q.key for q in known.questions(db, ["harbour"])] == harbour[:-1]
    assert known.questions(db, ["harbour"])[0].instruction == "Answer about the harbour."
    assert len(known.questions(db, ["harbour"], limit=2)) == 2


def test_whoever_opens_the_database_takes_in_what_was_finished(workspace, model, db, harbour):
    jobs.wait(workspace, write(workspace, model, FEW).id)
    ask(workspace, model, db)
    how(workspace, "long")
    cut = ReplayOptions(limit=3, device="cpu")
    jobs.wait(workspace, write(workspace, model, cut).id)
    assert settle.take_finished(db, workspace) == 2
    assert settle.take_finished(db, workspace) == 0
    assert datasets.by_name(db, "replay-qwen")
    assert pairs.get(db, harbour[0]).tags


def test_weights_are_hashed_once_and_again_when_they_change(tmp_path: Path, model: Path):
    first = weights_sha256(model, tmp_path)
    remembered = (tmp_path / CACHE).stat().st_mtime_ns
    assert weights_sha256(model, tmp_path) == first
    assert (tmp_path / CACHE).stat().st_mtime_ns == remembered
    (tmp_path / CACHE).write_text("damaged")
    assert weights_sha256(model, tmp_path) == first
    (model / "model.safetensors").write_bytes((4).to_bytes(8, "little") + b"{}  ")
    assert weights_sha256(model, tmp_path) != first
    (model / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="no safetensors"):
        weights_sha256(model, tmp_path)
