"""Which adapter is meant where a person names a run, or a checkpoint of it."""

import shutil
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.train import state
from pipeline.train.adapters import NoAdapterYet, adapter_of
from tests.dashboard import run_seed


def test_a_checkpoint_s_adapter_stays_when_the_run_deletes_the_checkpoint(tmp_path: Path):
    folder = run_seed.run(tmp_path, 8)
    kept = run_seed.checkpoint(folder, 12)
    found = adapter_of(state.read(folder), "step-12")
    weights = (found / "adapter_model.safetensors").read_bytes()
    shutil.rmtree(kept)
    assert (found / "adapter_model.safetensors").read_bytes() == weights


def test_a_run_without_an_adapter_and_a_name_of_no_checkpoint_are_refused(tmp_path: Path):
    folder = run_seed.run(tmp_path, 8, "failed")
    with pytest.raises(NoAdapterYet, match="Run 8 is failed"):
        adapter_of(state.read(folder))
    with pytest.raises(BadInput, match="step-40"):
        adapter_of(state.read(folder), "12")
