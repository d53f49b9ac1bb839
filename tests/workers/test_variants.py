"""What a run may do otherwise: variants of LoRA, noise, early stops, samples, a parent, a pause."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.lora import LoraLayer

from pipeline.errors import BadInput
from pipeline.jsonio import read_json, write_json
from pipeline.train import checkpoints, continuing, early
from pipeline.train.config import Settings
from pipeline.workers import train
from pipeline.workers.events import Events
from pipeline.workers.lora import AdapterDoesNotFit, NoSuchTarget, targets, with_lora
from pipeline.workers.model import ModelUnreadable, load_base
from pipeline.workers.neftune import add_noise
from tests.workers.tiny_model import make_base
from tests.workers.training import events_of, make_run, never, trained, weights

ATTENTION = ["self_attn.k_proj", "self_attn.o_proj", "self_attn.q_proj", "self_attn.v_proj"]


def losses(folder: Path) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in events_of(folder, "step")}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"rslora": True}, {"use_rslora": True, "use_dora": False}),
        ({"dora": True}, {"use_dora": True}),
        ({"targets": "attention"}, {"target_modules": ATTENTION}),
        ({"targets": "up_proj, down_proj"}, {"target_modules": ["down_proj", "up_proj"]}),
    ],
    ids=["rslora", "dora", "attention", "names"],
)
def test_a_variant_is_trained_and_told_by_the_adapter(
    tmp_path: Path, settings: dict[str, Any], told: dict[str, object]
):
    run = trained(make_run(tmp_path, epochs=2, **settings))
    assert run.adapter is not None
    value = read_json(run.adapter / "adapter_config.json")
    names = value["target_modules"]
    value["target_modules"] = sorted(names) if isinstance(names, list) else names
    assert value | told == value
    curve = [point.value for point in run.progress.losses]
    assert sum(curve[-2:]) < sum(curve[:2])
    assert any("DoRA" in said for said in run.progress.warnings) == bool(settings.get("dora"))


def test_rank_stabilised_scale_is_alpha_over_the_root_of_the_rank(tmp_path: Path):
    base, _ = load_base(make_base(tmp_path / "base"), "cpu")
    model = with_lora(base, Settings(rank=4, alpha=8, rslora=True))
    layers = [each for each in model.modules() if isinstance(each, LoraLayer)]
    scales = {each.scaling["default"] for each in layers}
    assert scales == {8 / 4**0.5}


def test_a_layer_that_the_model_does_not_have_is_refused_with_those_it_has(tmp_path: Path):
    base, _ = load_base(make_base(tmp_path / "base"), "cpu")
    with pytest.raises(NoSuchTarget, match=r"'c_attn'.*down_proj, gate_proj, k_proj"):
        targets(base, "q_proj,c_attn")


def test_a_base_in_fewer_bits_needs_its_package_and_says_so(tmp_path: Path):
    base = make_base(tmp_path / "base")
    for quantization in ("4bit", "8bit"):
        with pytest.raises(ModelUnreadable, match="bitsandbytes"):
            load_base(base, "cpu", quantization=quantization)


def test_what_of_a_base_in_fewer_bits_is_left_whole_stays_as_it_is_and_frozen(tmp_path: Path):
    base, _ = load_base(make_base(tmp_path / "base"), "cpu", "bfloat16")
    model = with_lora(base, Settings(rank=4, alpha=8, quantization="4bit"))
    told = {(p.dtype, "lora_" in name) for name, p in model.named_parameters() if p.requires_grad}
    assert told == {(torch.float32, True)}
    frozen = {p.dtype for p in model.parameters() if not p.requires_grad}
    assert frozen == {torch.bfloat16}


def test_the_best_that_is_there_is_kept_where_the_very_best_was_deleted(tmp_path: Path):
    folder = make_run(tmp_path, epochs=3, early_stop_patience=3)
    looks = itertools.count(1)
    train.train(folder, Events(folder), lambda: next(looks) > 5)
    marker = folder / "checkpoints" / "step-5" / checkpoints.MARKER
    value = read_json(marker)
    write_json(marker, value | {"validations": [[0, 9.0], [2, 0.0], [4, 8.0]]})
    checkpoints.delete(folder, [2])
    assert trained(folder).progress.adapter_step in {4, 6}


def test_noise_is_of_the_papers_size_and_there_only_while_training(tmp_path: Path):
    base, _ = load_base(make_base(tmp_path / "base"), "cpu")
    model = with_lora(base, Settings(rank=4, alpha=8))
    ids = torch.tensor([[5, 6, 7, 8], [9, 10, 0, 0]])
    seen: list[torch.Tensor] = []
    embeddings = model.get_input_embeddings()
    plain = embeddings(ids).detach()
    add_noise(model, 5.0, pad_id=0)
    embeddings.register_forward_hook(lambda _, __, out: seen.append(out.detach()))
    model.train()(input_ids=ids)
    model.eval()(input_ids=ids)
    noise = (seen[0] - plain).abs().amax(dim=(1, 2))
    bounds = 5.0 / torch.sqrt(torch.tensor([4.0, 2.0]) * plain.size(-1))
    assert torch.all(noise <= bounds)
    assert torch.all(noise > 0.9 * bounds)
    assert torch.equal(seen[1], plain)


def test_early_stopping_ends_the_run_and_keeps_the_best_adapter(tmp_path: Path):
    folder = make_run(tmp_path, epochs=12, learning_rate=0.5, early_stop_patience=2)
    run = trained(folder)
    told = [(point.step, point.value) for point in run.progress.validation]
    best = early.best(told)
    assert best is not None
    assert (run.progress.ended, run.progress.reason, run.progress.step) == (
        "finished",
        "early_stop",
        best[0] + 4,
    )
    kept = {each.step: each for each in checkpoints.listed(folder)}
    assert [step for step, each in kept.items() if each.is_best] == [best[0]]
    assert kept[best[0]].validation_loss == best[1]
    assert run.progress.adapter_step == best[0]
    assert weights(folder / "adapter") == weights(kept[best[0]].folder)
    assert weights(folder / "adapter") != weights(kept[max(kept)].folder)


@pytest.mark.parametrize(
    ("told", "patience", "over"),
    [
        ([(0, 1.0), (2, 3.0), (4, 2.0)], 1, False),
        ([(0, 1.0), (2, 2.0), (4, 2.0)], 1, True),
        ([(2, 2.0), (4, 3.0), (6, 4.0)], 3, False),
        ([(2, 2.0), (4, 3.0), (6, 4.0)], 0, False),
        ([(0, 2.0)], 1, False),
    ],
    ids=["falls", "an equal is no better", "patience left", "off", "nothing learned yet"],
)
def test_patience_counts_validations_since_the_best(
    told: list[tuple[int, float]], patience: int, over: bool
):
    assert early.is_over(told, patience) is over


def test_the_best_checkpoint_outlives_the_number_to_keep(tmp_path: Path):
    folder = make_run(
        tmp_path, epochs=20, learning_rate=0.5, keep_checkpoints=1, early_stop_patience=2
    )
    step = trained(folder).progress.step
    kept = checkpoints.listed(folder)
    assert [(each.step, each.is_best) for each in kept] == [(step - 4, True), (step, False)]


def test_a_checkpoint_inside_an_epoch_gives_way_to_the_next(tmp_path: Path):
    folder = make_run(tmp_path, epochs=2, batch_rows=1, save_every_steps=3)
    trained(folder)
    told = [event["step"] for event in events_of(folder, "checkpoint")]
    assert told == [3, 6, 8, 9, 12, 15, 16]
    assert [each.step for each in checkpoints.listed(folder)] == [8, 16]


def test_samples_are_told_after_each_validation_and_change_no_loss(tmp_path: Path):
    asked = ("What is item 1?", "你是谁？")
    plain, sampled = (
        make_run(tmp_path, dropout=0.1),
        make_run(tmp_path, dropout=0.1, sample_prompts=asked),
    )
    trained(plain)
    run = trained(sampled)
    assert losses(sampled) == losses(plain)
    assert [(said.step, said.prompt) for said in run.progress.samples] == [
        (step, prompt) for step in (0, 2, 4, 6) for prompt in asked
    ]
    assert run.progress.samples[0].text != run.progress.samples[-2].text


def test_a_pause_saves_at_the_end_of_the_epoch_and_loses_nothing(tmp_path: Path):
    whole, paused = make_run(tmp_path, dropout=0.1), make_run(tmp_path, dropout=0.1)
    trained(whole)
    (paused / "pause.request").touch()
    run = trained(paused)
    assert (run.progress.ended, run.progress.reason, run.progress.step) == ("stopped", "pause", 2)
    assert read_json(paused / "result.json")["state"] == "stopped"
    (paused / "pause.request").unlink()
    assert trained(paused).progress.losses[-1].value == losses(whole)[6]
    assert losses(paused) == losses(whole)


def test_a_continued_adapter_goes_on_from_where_it_was(tmp_path: Path):
    first = trained(make_run(tmp_path, epochs=4))
    about = {"initial_adapter": str(first.folder / "adapter"), "parent_run": 1}
    second = make_run(tmp_path, epochs=1, about=about)
    again = trained(second).progress
    assert again.validation[0].value == pytest.approx(first.progress.validation[-1].value, rel=1e-6)
    assert read_json(second / "adapter" / "graft.json")["continues"] == {
        "run": 1,
        "adapter": about["initial_adapter"],
        "datasets": ["facts"],
    }
    assert again.warnings == ()


def test_a_parents_dataset_that_is_left_out_is_named(tmp_path: Path):
    first = trained(make_run(tmp_path, epochs=1))
    marker = first.folder / "adapter" / "graft.json"
    marker.write_text(marker.read_text().replace('"facts"', '"clinic"'))
    assert continuing.datasets(first.folder / "adapter") == ("clinic",)
    second = make_run(tmp_path, epochs=1, about={"initial_adapter": str(first.folder / "adapter")})
    (said,) = trained(second).progress.warnings
    assert "clinic" in said
    assert "fades" in said


def test_a_resumed_child_needs_its_parent_no_more(tmp_path: Path):
    first = trained(make_run(tmp_path, epochs=1))
    about = {"initial_adapter": str(first.folder / "adapter")}
    second = make_run(tmp_path, about=about)
    looks = itertools.count(1)
    train.train(second, Events(second), lambda: next(looks) > 3)
    (first.folder / "adapter").rename(first.folder / "gone")
    train.train(second, Events(second), never)
    assert read_json(second / "result.json")["state"] == "finished"


def test_an_adapter_of_another_base_is_refused_in_words(tmp_path: Path):
    first = trained(make_run(tmp_path, epochs=1))
    base, _ = load_base(make_base(tmp_path / "other", num_hidden_layers=1), "cpu")
    with pytest.raises(AdapterDoesNotFit, match="does not fit this base"):
        with_lora(base, Settings(rank=4, alpha=8), first.folder / "adapter")
    assert issubclass(AdapterDoesNotFit, BadInput)
