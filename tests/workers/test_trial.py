"""Trying one step before a run: the heaviest batch, measured, and nothing of it kept."""

from pathlib import Path

from pipeline.jsonio import read_json
from pipeline.train import trial
from pipeline.train.config import Settings
from pipeline.workers.trial import heaviest, main
from tests.workers.training import make_run


def test_a_step_is_tried_with_the_real_model_and_measured(tmp_path: Path):
    folder = make_run(tmp_path, batch_rows=4)
    assert main(folder) == 0
    found = read_json(folder / "result.json")
    assert found["rows"] == 4
    assert int(str(found["tokens"])) > int(str(found["length"]))
    assert int(str(found["peak_memory_bytes"])) > 50_000_000
    assert float(str(found["seconds"])) > 0
    assert not (folder / "adapter").exists()
    assert not (folder / "checkpoints").exists()


def test_a_trial_that_is_ended_measures_nothing(tmp_path: Path):
    folder = make_run(tmp_path)
    (folder / "stop.request").touch()
    assert main(folder) == 0
    assert read_json(folder / "result.json") == {"state": "stopped"}
    assert trial.read(folder).tried is None


def test_the_heaviest_batch_is_the_one_of_most_padded_tokens():
    lengths = [10, 10, 10, 10, 90, 80, 70, 60]
    settings = Settings(batch_rows=8, cutoff_tokens=100, batch_tokens=1000)
    step, rows, length = heaviest(lengths, settings)
    assert (sorted(step), rows, length) == (list(range(8)), 4, 90)


def test_of_two_processes_the_share_of_one_is_tried():
    lengths = [10, 10, 10, 10, 90, 80, 70, 60]
    settings = Settings(batch_rows=8, cutoff_tokens=100, batch_tokens=1000)
    step, rows, length = heaviest(lengths, settings, processes=2)
    assert (sorted(step), rows, length) == (list(range(8)), 2, 90)
