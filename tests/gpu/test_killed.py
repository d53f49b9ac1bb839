"""A run killed on a GPU gives the memory back, and goes on as if nothing had been."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline import processes
from pipeline.launches import Worker
from pipeline.train.devices import devices, environment
from tests.workers.test_train import losses
from tests.workers.training import make_run, trained

PATIENCE_S = 60.0


def test_a_killed_run_goes_on_from_its_checkpoint_in_a_process_of_its_own(tmp_path: Path, gpu: str):
    chosen: dict[str, Any] = {"about": {"device": gpu}, "epochs": 30, "batch_rows": 1}
    chosen["save_every_steps"] = 3
    whole, killed = make_run(tmp_path, **chosen), make_run(tmp_path, **chosen)
    trained(whole)
    begin(killed, gpu)
    until(lambda: (killed / "events.jsonl").exists() and len(losses(killed)) > 20)
    launch = processes.read_launch(killed)
    assert launch is not None
    processes.send_signal(launch, signal.SIGKILL)
    until(lambda: processes.read_exit(killed) is not None)
    assert len(losses(killed)) < len(losses(whole))
    begin(killed, gpu)
    until((killed / "result.json").exists)
    wanted, found = list(losses(whole).values()), list(losses(killed).values())
    assert len(found) == len(wanted)
    apart = max(abs(one / other - 1) for one, other in zip(found, wanted, strict=True))
    assert apart < 0.05


def begin(run: Path, gpu: str) -> None:
    """Start the worker of a run as the queue does."""
    worker = Worker("pipeline.workers.train", log_name="train.log", device=gpu)
    processes.start(run, worker, environment(devices().get(gpu)))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.05)
