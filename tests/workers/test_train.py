"""The training worker: learns, resumes as if never stopped, stops with a save, fails in words."""

import itertools
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pipeline.jsonio import read_json
from pipeline.train import checkpoints, state
from pipeline.workers import losses as losses_of_batches
from pipeline.workers import train
from pipeline.workers.events import Events
from pipeline.workers.loop import Loop
from pipeline.workers.model import attach_adapters, load_base
from tests.workers.training import ROWS, events_of, make_run, never


def after(calls: int):
    """A stop request that comes after so many looks."""
    seen = itertools.count(1)
    return lambda: next(seen) > calls


def losses(folder: Path) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in events_of(folder, "step")}


def test_a_stop_at_the_end_of_an_epoch_leaves_its_checkpoint_one_of_that_epoch(tmp_path: Path):
    run = make_run(tmp_path)
    train.train(run, Events(run), after(2))
    (there,) = checkpoints.listed(run)
    assert (there.step, there.is_inside_epoch) == (2, False)


def test_a_run_learns_and_leaves_an_adapter_that_changes_the_answer(tmp_path: Path):
    run = make_run(tmp_path, epochs=6)
    before = (tmp_path / "base" / "model.safetensors").read_bytes()
    train.train(run, Events(run), never)
    curve = list(losses(run).values())
    assert len(curve) == 12
    assert sum(curve[-2:]) < 0.7 * sum(curve[:2])
    assert (tmp_path / "base" / "model.safetensors").read_bytes() == before
    result = read_json(run / "result.json")
    assert (result["state"], result["step"]) == ("finished", 12)
    base, tokenizer = load_base(tmp_path / "base", "cpu")
    ids = tokenizer("What is item 1?", return_tensors="pt").input_ids
    plain = base(ids).logits.detach().clone()
    adapted = attach_adapters(base, {"1": run / "adapter"})(ids).logits
    assert not torch.allclose(plain, adapted, atol=1e-3)


def test_validation_is_told_before_the_first_step_and_by_role(tmp_path: Path):
    run = make_run(tmp_path, epochs=2)
    train.train(run, Events(run), never)
    told = events_of(run, "validation")
    assert [event["step"] for event in told] == [0, 2, 4]
    assert all(event["by_role"] == {"domain": event["loss"]} for event in told)
    assert told[-1]["loss"] < told[0]["loss"]


@pytest.mark.parametrize("stop_after", [1, 2, 4, 5], ids=lambda n: f"after {n} steps")
def test_a_stopped_and_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, stop_after: int):
    whole, broken = make_run(tmp_path, dropout=0.1), make_run(tmp_path, dropout=0.1)
    train.train(whole, Events(whole), never)
    train.train(broken, Events(broken), after(stop_after))
    assert read_json(broken / "result.json")["state"] == "stopped"
    assert max(losses(broken)) == stop_after
    assert (broken / "adapter" / "graft.json").is_file()
    train.train(broken, Events(broken), never)
    assert losses(broken) == losses(whole)
    assert (broken / "adapter" / "adapter_model.safetensors").read_bytes() == (
        whole / "adapter" / "adapter_model.safetensors"
    ).read_bytes()


def test_a_killed_run_goes_on_from_its_last_whole_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole, killed = make_run(tmp_path), make_run(tmp_path)
    train.train(whole, Events(whole), never)
    step = Loop.step

    def die_at_four(self: Loop, rows: list[int]) -> None:
        if self.trained.place.step == 3:
            raise KeyboardInterrupt
        step(self, rows)

    monkeypatch.setattr(Loop, "step", die_at_four)
    with pytest.raises(KeyboardInterrupt):
        train.train(killed, Events(killed), never)
    monkeypatch.setattr(Loop, "step", step)
    half = killed / "checkpoints" / ".step-4.99.tmp"
    half.mkdir()
    with (killed / "events.jsonl").open("a") as file:
        file.write('{"time": 1, "kind": "st')
    train.train(killed, Events(killed), never)
    assert not half.exists()
    assert losses(killed) == losses(whole)
    progress = state.read(killed).progress
    assert [point.step for point in progress.losses] == [1, 2, 3, 4, 5, 6]


def test_old_checkpoints_are_deleted(tmp_path: Path):
    run = make_run(tmp_path, epochs=5, keep_checkpoints=2)
    train.train(run, Events(run), never)
    assert sorted(p.name for p in (run / "checkpoints").iterdir()) == ["step-10", "step-8"]


def test_the_adapter_of_the_last_checkpoint_is_the_run_s_own(tmp_path: Path):
    run = make_run(tmp_path, epochs=2)
    train.train(run, Events(run), never)
    last = checkpoints.adapter_at(run, 4)
    own, made = (load_file(f / "adapter_model.safetensors") for f in (run / "adapter", last))
    assert own.keys() == made.keys()
    assert all(torch.equal(own[name], made[name]) for name in own)
    base, tokenizer = load_base(tmp_path / "base", "cpu")
    ids = tokenizer("What is item 1?", return_tensors="pt").input_ids
    model = attach_adapters(base, {"own": run / "adapter", "made": last})
    model.set_adapter("own")
    answered = model(ids).logits
    model.set_adapter("made")
    assert torch.equal(model(ids).logits, answered)


def test_a_step_learns_the_same_however_memory_splits_it(tmp_path: Path):
    one, parts = make_run(tmp_path, epochs=1), make_run(tmp_path, epochs=1, **_TINY_PARTS)
    for run in (one, parts):
        train.train(run, Events(run), never)
    together, apart = losses(one), losses(parts)
    assert together.keys() == apart.keys()
    assert list(apart.values()) == pytest.approx(list(together.values()), rel=1e-4)


_TINY_PARTS: dict[str, Any] = {"batch_tokens": 80, "cutoff_tokens": 80}


def test_a_model_whose_output_layer_is_not_told_learns_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    chosen, every = make_run(tmp_path, epochs=1), make_run(tmp_path, epochs=1)
    train.train(chosen, Events(chosen), never)
    monkeypatch.setattr(losses_of_batches, "_at", lambda *_: nullcontext())
    train.train(every, Events(every), never)
    assert list(losses(every).values()) == pytest.approx(list(losses(chosen).values()), rel=1e-5)


def test_gradient_checkpointing_changes_memory_and_not_the_losses(tmp_path: Path):
    plain = make_run(tmp_path, epochs=1)
    train.train(plain, Events(plain), never)
    lean = make_run(tmp_path, epochs=1, gradient_checkpointing=True)
    train.train(lean, Events(lean), never)
    assert list(losses(lean).values()) == pytest.approx(list(losses(plain).values()), rel=1e-5)


def test_changed_data_is_refused_in_words(tmp_path: Path):
    run = make_run(tmp_path)
    (tmp_path / "export" / "facts_format2.json").write_text("[]")
    assert train.main(run) == 1
    (event,) = events_of(run, "error")
    assert event["error"] == "data"
    assert "facts_format2.json" in str(event["message"])
    assert not (run / "result.json").exists()


def test_a_loss_that_is_not_finite_stops_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = make_run(tmp_path)
    monkeypatch.setattr(
        "pipeline.workers.losses.cross_entropy",
        lambda logits, *_, **__: logits.sum() * float("nan"),
    )
    assert train.main(run) == 1
    (event,) = events_of(run, "error")
    assert (event["error"], "rate" in str(event["message"])) == ("not_finite", True)


def test_answers_that_are_cut_are_counted(tmp_path: Path):
    long = [*ROWS[:7], {"instruction": "Long?", "input": "", "output": "x" * 500}]
    run = make_run(tmp_path, rows=long, epochs=1, cutoff_tokens=120)
    train.train(run, Events(run), never)
    messages = [str(event["message"]) for event in events_of(run, "warning")]
    assert "1 answers were cut at 120 tokens" in messages[0]


def test_a_model_without_a_chat_template_is_refused_in_words(tmp_path: Path):
    run = make_run(tmp_path)
    (tmp_path / "base" / "chat_template.jinja").unlink()
    assert train.main(run) == 1
    (event,) = events_of(run, "error")
    assert (event["error"], "no chat template" in str(event["message"])) == ("model", True)
