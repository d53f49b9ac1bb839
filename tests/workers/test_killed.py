"""A run killed outright at random points, as a process of its own, equals one that was not."""

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from pipeline.jsonio import read_json
from pipeline.train import state
from pipeline.workers import train
from pipeline.workers.events import Events
from tests.workers.training import make_run, trained, weights

SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "batch_rows": 1,
    "dropout": 0.1,
    "neftune_alpha": 5.0,
    "save_every_steps": 3,
    "early_stop_patience": 9,
    "sample_prompts": ("What is item 1?",),
}
STEPS = 32
PATIENCE_S = 180.0


@pytest.fixture
def processes() -> ForkServerContext:
    """Starts real processes that need not import torch each by themselves."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.workers.train"])
    return context


def test_a_run_killed_at_three_random_points_equals_one_that_was_not(
    tmp_path: Path, processes: ForkServerContext
):
    whole, killed = make_run(tmp_path, **SETTINGS), make_run(tmp_path, **SETTINGS)
    seed = random.randrange(10**6)
    points = sorted(random.Random(seed).sample(range(1, STEPS), 3))
    for point in points:
        kill_at(processes, killed, point)
    train.train(killed, Events(killed), lambda: False)

    wanted, found = trained(whole).progress, state.read(killed).progress
    said = f"killed after steps {points} (seed {seed})"
    assert [p.value for p in found.losses] == [p.value for p in wanted.losses], said
    assert [p.step for p in found.losses] == list(range(1, STEPS + 1)), said
    assert [p.value for p in found.validation] == [p.value for p in wanted.validation], said
    assert found.samples == wanted.samples, said
    assert weights(killed / "adapter") == weights(whole / "adapter"), said
    one, other = read_json(killed / "result.json"), read_json(whole / "result.json")
    for name in ("state", "step", "adapter_step", "train_loss", "validation_loss", "tokens"):
        assert one[name] == other[name], (name, said)


def kill_at(processes: ForkServerContext, folder: Path, step: int) -> None:
    """Train a folder in a process of its own, and SIGKILL it once a step was told."""
    worker = processes.Process(target=train.main, args=(folder,))
    worker.start()
    end = time.monotonic() + PATIENCE_S
    while state.read(folder).progress.step < step or not worker.is_alive():
        assert worker.is_alive(), "the worker ended before it could be killed"
        assert time.monotonic() < end, "the worker did not come so far"
        time.sleep(0.002)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
