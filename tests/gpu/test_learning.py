"""The training worker on a GPU: learns what it learns on a CPU, in every number format."""

from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.jsonio import read_json
from pipeline.train import state
from pipeline.train.devices import devices
from pipeline.workers import train, trial
from pipeline.workers.events import Events
from pipeline.workers.model import attach_adapters, load_base
from tests.workers.test_train import after, losses
from tests.workers.tiny_model import make_base
from tests.workers.training import events_of, make_run, never

WIDE: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128}


def learned(folder: Path, device: str, **settings: Any) -> list[float]:
    """Train a tiny model on a device and return the losses of its steps."""
    run = make_run(folder, about={"device": device}, **settings)
    train.train(run, Events(run), never)
    return list(losses(run).values())


def test_the_gpus_of_the_driver_are_those_of_torch():
    found = [device for device in devices().found if device.name.startswith("cuda")]
    assert len(found) == torch.cuda.device_count()
    first, properties = found[0], torch.cuda.get_device_properties(0)
    assert first.uuid == f"GPU-{properties.uuid}"
    assert first.title == properties.name
    # The driver counts what it keeps for itself.
    assert abs(first.memory_total_bytes / properties.total_memory - 1) < 0.03
    assert 0 < first.memory_free_bytes <= first.memory_total_bytes


def test_the_losses_are_those_of_a_cpu(tmp_path: Path, gpu: str):
    wanted = learned(tmp_path, "cpu", epochs=6)
    # Matrices are multiplied in TF32 there.
    assert learned(tmp_path, gpu, epochs=6, dtype="float32") == pytest.approx(wanted, rel=1e-2)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_learns_as_well(tmp_path: Path, gpu: str, dtype: str):
    whole = learned(tmp_path, gpu, epochs=6, dtype="float32")
    half = learned(tmp_path, gpu, epochs=6, dtype=dtype)
    assert half[0] == pytest.approx(whole[0], rel=2e-2)
    assert half[-1] < 0.7 * half[0]
    assert half[-1] == pytest.approx(whole[-1], rel=0.25)


def test_a_step_tells_the_memory_of_the_gpu_and_of_the_machine(tmp_path: Path, gpu: str):
    run = make_run(tmp_path, about={"device": gpu}, epochs=1)
    train.train(run, Events(run), never)
    step, plan = events_of(run, "step")[-1], events_of(run, "plan")[-1]
    assert 0 < step["memory_bytes"] < 100 * 2**20 < step["host_memory_bytes"]
    assert (plan["device"], plan["dtype"]) == (gpu, "bfloat16")
    assert int(str(read_json(run / "result.json")["peak_memory_bytes"])) >= step["memory_bytes"]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_stopped_and_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, gpu: str, dtype: str
):
    chosen: dict[str, Any] = {"about": {"device": gpu}, "dtype": dtype, "dropout": 0.1}
    whole, broken = make_run(tmp_path, **chosen), make_run(tmp_path, **chosen)
    train.train(whole, Events(whole), never)
    train.train(broken, Events(broken), after(3))
    train.train(broken, Events(broken), never)
    assert len(losses(broken)) == len(losses(whole)) == 6
    # The sums of a GPU's backward pass have no order; what is dropped at random has one.
    assert list(losses(broken).values()) == pytest.approx(list(losses(whole).values()), rel=2e-3)


def test_checkpointing_computes_the_same_with_less_memory(tmp_path: Path, gpu: str):
    make_base(tmp_path / "base", hidden_size=256, num_hidden_layers=8)
    rows = [{"instruction": "long " * 30, "input": "", "output": "It is so. " * 9}] * 8
    chosen: dict[str, Any] = {"rows": rows, "dropout": 0.1, "dtype": "bfloat16", "batch_rows": 8}
    plain = make_run(tmp_path, about={"device": gpu}, **chosen)
    thrifty = make_run(tmp_path, about={"device": gpu}, gradient_checkpointing=True, **chosen)
    peaks = []
    for run in (plain, thrifty):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        train.train(run, Events(run), never)
        peaks.append(int(str(read_json(run / "result.json")["peak_memory_bytes"])))
    assert list(losses(thrifty).values()) == pytest.approx(list(losses(plain).values()), rel=5e-3)
    assert peaks[1] < 0.75 * peaks[0]


@pytest.mark.parametrize(
    "settings",
    [{"rslora": True}, {"dora": True}, {"targets": "attention"}, {"dropout": 0.1, "rank": 64}],
    ids=["rslora", "dora", "attention", "dropout"],
)
def test_a_variant_learns(tmp_path: Path, gpu: str, settings: dict[str, Any]):
    curve = learned(tmp_path, gpu, epochs=6, **settings)
    assert sum(curve[-2:]) < 0.8 * sum(curve[:2])


@pytest.mark.parametrize("bits", ["4bit", "8bit"])
@pytest.mark.filterwarnings("ignore:MatMul8bitLt:UserWarning")
def test_a_base_in_fewer_bits_learns_and_its_adapter_fits_the_base(
    tmp_path: Path, gpu: str, bits: str
):
    pytest.importorskip("bitsandbytes")
    make_base(tmp_path / "base", **WIDE)
    whole = learned(tmp_path, gpu, epochs=6)
    run = make_run(tmp_path, about={"device": gpu}, epochs=6, quantization=bits)
    train.train(run, Events(run), after(5))
    train.train(run, Events(run), never)
    curve = list(losses(run).values())
    assert len(curve) == len(whole) == 12
    assert curve[0] == pytest.approx(whole[0], rel=0.1)
    assert curve[-1] < 0.7 * curve[0]
    base, tokenizer = load_base(tmp_path / "base", gpu, "bfloat16")
    ids = tokenizer("What is item 1?", return_tensors="pt").input_ids.to(gpu)
    plain = base(ids).logits.detach().clone()
    adapted = attach_adapters(base, {"1": run / "adapter"})(ids).logits
    assert not torch.allclose(plain, adapted, atol=1e-2)


def test_a_full_gpu_is_told_in_words_and_the_run_can_go_on(tmp_path: Path, gpu: str):
    make_base(tmp_path / "base", hidden_size=512, intermediate_size=2048, num_hidden_layers=8)
    run = make_run(tmp_path, about={"device": gpu}, learning_rate=1e-4)
    train.train(run, Events(run), after(3))
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(torch.cuda.memory_reserved() / whole)
    try:
        assert train.main(run) == 1
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    failed = state.read(run).progress.failure
    assert failed is not None
    assert failed.error == "out_of_memory"
    assert "The GPU's memory is full" in failed.message
    assert train.main(run) == 0
    assert len(losses(run)) == 6


def test_a_gpu_that_is_not_there_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = make_run(tmp_path, about={"device": "cuda:0"})
    monkeypatch.setenv("LOCAL_RANK", "99")
    assert train.main(run) == 1
    failed = state.read(run).progress.failure
    assert failed is not None
    assert (failed.error, "is not here" in failed.message) == ("device", True)


def test_a_step_is_tried_and_measured(tmp_path: Path, gpu: str):
    folder = make_run(tmp_path, about={"device": gpu})
    torch.cuda.reset_peak_memory_stats()
    assert trial.main(folder) == 0
    found = read_json(folder / "result.json")
    assert 0 < int(str(found["peak_memory_bytes"])) < 100 * 2**20
    assert float(str(found["seconds"])) > 0
