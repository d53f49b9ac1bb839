"""What ends a training is told by its class and in words to act on; each cause is a real one."""

import json
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.train import checkpoints, state
from pipeline.workers import train
from pipeline.workers.events import Events
from pipeline.workers.failing import Explained
from tests.small_disk import small_disk
from tests.workers.tiny_model import make_adapter, make_base
from tests.workers.training import make_run, trained


def failure(folder: Path) -> tuple[str, str]:
    """Train a folder, which must fail, and return the class and the message that it leaves."""
    assert train.main(folder) == 1
    assert not (folder / "result.json").exists()
    assert not (folder / ".reserve").exists()
    told = state.read(folder).progress.failure
    assert told is not None
    return told.error, told.message


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 700 KB: room for one checkpoint of the tiny model and the half of another.

    Where it cannot be had, the test with a limit of file size runs all the same.
    """
    with small_disk(tmp_path / "disk", "700k") as place:
        yield place


def test_a_full_disk_says_what_is_saved_and_leaves_it_whole(tmp_path: Path, disk: Path):
    run = disk / "1"
    shutil.copytree(make_run(tmp_path, rank=16, epochs=9, keep_checkpoints=9), run)
    error, message = failure(run)
    kept = checkpoints.listed(run)
    assert (error, len(kept) > 0) == ("disk", True)
    assert f"The last whole checkpoint is {kept[-1].folder.name}" in message
    assert not list(run.rglob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=True)
    train.main(run)
    whole = make_run(tmp_path, rank=16, epochs=9, keep_checkpoints=9)
    assert (
        state.read(run).progress.steps.columns["loss"]
        == (trained(whole).progress.steps.columns["loss"])
    )


def test_a_file_that_cannot_grow_is_a_full_disk(tmp_path: Path):
    run = make_run(tmp_path, rank=64)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, hard))
    try:
        error, message = failure(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error == "disk"
    assert "step-2 could not be saved" in message
    assert "No checkpoint had been saved before" in message
    assert checkpoints.listed(run) == ()


def test_a_base_of_broken_numbers_is_not_finite(tmp_path: Path):
    run = make_run(tmp_path)
    path = tmp_path / "base" / "model.safetensors"
    weights = load_file(path)
    weights["lm_head.weight"][0] = float("nan")
    save_file(weights, path, metadata={"format": "pt"})
    error, message = failure(run)
    assert (error, "step 0" in message) == ("not_finite", True)


def test_a_data_file_that_is_gone_is_named(tmp_path: Path):
    run = make_run(tmp_path)
    (tmp_path / "export" / "facts_format2.json").unlink()
    error, message = failure(run)
    assert error == "data"
    assert "facts_format2.json" in message
    assert "not there any more" in message


def test_an_export_without_rows_is_refused_in_words(tmp_path: Path):
    assert failure(make_run(tmp_path, rows=[]))[0] == "model"


def test_an_adapter_in_the_place_of_a_base_is_named_with_its_base(tmp_path: Path):
    base = make_base(tmp_path / "base")
    adapter = make_adapter(base, tmp_path / "adapter")
    error, message = failure(make_run(tmp_path, about={"model": str(adapter)}))
    assert error == "model"
    assert "is a LoRA adapter" in message
    assert str(base) in message


def test_a_device_that_is_gone_is_told_with_those_there_are(tmp_path: Path):
    error, message = failure(make_run(tmp_path, about={"device": "cuda:3"}))
    assert (error, "torch can use: cpu" in message) == ("device", True)


def test_memory_that_is_full_says_what_to_lower_from_what_to_what(tmp_path: Path):
    run = make_run(tmp_path, batch_tokens=4096, cutoff_tokens=1024)
    with pytest.raises(RuntimeError) as full:
        torch.empty(10**15)
    error, message = Explained(run)(full.value)
    assert error == "out_of_memory"
    assert (
        "Resume with batch_tokens from 4096 to 2048, then gradient_checkpointing from false to "
        "true. If that is not enough, start again with cutoff_tokens from 1024 to 512, then "
        "rank from 4 to 2." in message
    )


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: out of memory\nCUDA kernel errors might be reported later",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
    ids=["driver", "cublas", "cudnn"],
)
def test_a_gpu_whose_driver_finds_no_room_is_full_and_not_broken(tmp_path: Path, words: str):
    error, message = Explained(make_run(tmp_path, about={"device": "cuda:0"}))(RuntimeError(words))
    assert error == "out_of_memory"
    assert message.startswith("The GPU's memory is full")


def test_a_gpu_that_is_full_may_hold_its_base_in_fewer_bits(tmp_path: Path):
    about = {"device": "cuda:0"}
    run = make_run(tmp_path, about=about, batch_tokens=2048, gradient_checkpointing=True)
    error, message = Explained(run)(torch.OutOfMemoryError("CUDA out of memory. Tried 2 GiB"))
    assert error == "out_of_memory"
    assert message == (
        "The GPU's memory is full (CUDA out of memory. Tried 2 GiB). Start again with "
        "cutoff_tokens from 2048 to 1024, then quantization from none to 4bit, then rank from 4 "
        "to 2."
    )


def test_a_line_that_does_not_fit_on_the_disk_leaves_no_half(tmp_path: Path):
    events = Events(tmp_path)
    events.tell("state", state="loading")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120, hard))
    try:
        with pytest.raises(OSError, match=r"No space|too large"):
            events.tell("warning", message="x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    events.tell("end", state="stopped")
    assert [event["kind"] for event in map(json.loads, _lines(tmp_path))] == ["state", "end"]


def _lines(folder: Path) -> list[str]:
    return (folder / "events.jsonl").read_text().splitlines()
