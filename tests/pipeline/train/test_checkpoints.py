"""Checkpoints: which adapter a run stands for, and what deleting leaves."""

from pathlib import Path

import pytest

from pipeline.jsonio import write_json
from pipeline.train import checkpoints
from pipeline.train.checkpoints import NoAdapterShape, NoSuchCheckpoint


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with two checkpoints, a half one, and its adapter."""
    folder = tmp_path / "8"
    for step in (10, 20):
        made = folder / "checkpoints" / f"step-{step}"
        made.mkdir(parents=True)
        (made / "lora.safetensors").write_bytes(b"weights of %d" % step)
        (made / "state.pt").write_bytes(b"optimizer")
        write_json(made / "checkpoint.json", {"epoch": step // 10, "step": step, "tokens": 9})
    (folder / "checkpoints" / "step-30").mkdir()
    adapter = folder / "adapter"
    adapter.mkdir()
    write_json(adapter / "adapter_config.json", {"peft_type": "LORA"})
    (adapter / "adapter_model.safetensors").write_bytes(b"weights of 20")
    write_json(adapter / "graft.json", {"format": 1})
    return folder


def test_only_whole_checkpoints_are_listed(run: Path):
    told = [(each.step, each.epoch) for each in checkpoints.listed(run)]
    assert told == [(10, 1), (20, 2)]


def test_a_run_stands_for_the_chosen_checkpoint_and_again_for_its_end(run: Path):
    assert checkpoints.adapter_of(run) == run / "adapter"
    checkpoints.choose(run, 10)
    chosen = checkpoints.adapter_of(run)
    assert chosen is not None
    assert checkpoints.chosen_step(run) == 10 == checkpoints.step_of(chosen, run)
    assert {path.name: path.read_bytes() for path in chosen.iterdir()} == {
        "adapter_config.json": (run / "adapter" / "adapter_config.json").read_bytes(),
        "graft.json": (run / "adapter" / "graft.json").read_bytes(),
        "adapter_model.safetensors": b"weights of 10",
    }
    checkpoints.choose(run, None)
    assert checkpoints.adapter_of(run) == run / "adapter"


def test_a_chosen_checkpoint_outlives_its_deletion_and_others_do_not(run: Path):
    checkpoints.choose(run, 10)
    checkpoints.adapter_at(run, 20)
    assert checkpoints.delete(run, [10, 20]) > 0
    assert checkpoints.listed(run) == ()
    assert checkpoints.adapter_of(run) == run / "adapters" / "step-10"
    assert not (run / "adapters" / "step-20").exists()


def test_a_choice_whose_adapter_is_gone_is_no_choice(run: Path):
    checkpoints.choose(run, 10)
    (run / "adapters" / "step-10" / "graft.json").unlink()
    assert checkpoints.chosen_step(run) is None
    assert checkpoints.adapter_of(run) == run / "adapter"


def test_a_checkpoint_that_is_not_there_is_refused_with_those_that_are(run: Path):
    with pytest.raises(NoSuchCheckpoint, match="10, 20"):
        checkpoints.choose(run, 30)
    assert checkpoints.chosen_step(run) is None


def test_a_checkpoint_without_a_tokenizer_beside_it_says_how_to_get_one(run: Path):
    (run / "adapter" / "graft.json").unlink()
    with pytest.raises(NoAdapterShape, match="Resume"):
        checkpoints.adapter_at(run, 10)


def test_a_file_with_two_names_counts_once(run: Path):
    before = checkpoints.size_bytes(run)
    checkpoints.adapter_at(run, 10)
    assert checkpoints.size_bytes(run) == before
