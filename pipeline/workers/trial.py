"""Tries one step of a run and measures it: `python -m pipeline.workers.trial TRIAL_FOLDER`.

The real model, LoRA and optimizer as `pipeline.workers.train` prepares them, and the step with the
heaviest batch of the export, twice: the first makes what stays, the second is timed. Where several
processes are to share a step, this one takes the share that the first of them would. What it
learned is thrown away with the process.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from pipeline.jsonio import write_json
from pipeline.train import config as configs
from pipeline.train.batching import pass_tokens, share_of, split_by_tokens, steps_of_epoch
from pipeline.train.config import Settings
from pipeline.workers.events import Events
from pipeline.workers.failing import Explained
from pipeline.workers.process import ShouldStop, run, start
from pipeline.workers.train import prepared

EPOCHS = 3
"""Epochs whose batches are looked at for the heaviest; the order of each is another."""


def attempt(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Take the step twice and write what it took."""
    config = configs.read(folder)
    loop = prepared(folder, config, events)
    step, rows, length = heaviest(loop.lengths, config.settings, config.device, config.processes)
    events.tell("state", state="training")
    mine = share_of(step, loop.lengths, number=0, count=config.processes)
    # GPUs work through their shares at once; on a CPU they take turns on its cores.
    timed = step if config.device.startswith("cuda") else mine
    for _ in range(2):
        if should_stop():
            write_json(folder / "result.json", {"state": "stopped"})
            events.tell("end", state="stopped")
            return
        began = time.monotonic()
        loop.step(mine)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds = time.monotonic() - began
    write_json(
        folder / "result.json",
        {
            "rows": rows,
            "length": length,
            "peak_memory_bytes": loop.summary(began)["peak_memory_bytes"],
            "tokens": sum(loop.lengths[row] for row in timed),
            "seconds": seconds,
        },
    )
    events.tell("end", state="finished")


def heaviest(
    lengths: Sequence[int], settings: Settings, device: str = "cpu", processes: int = 1
) -> tuple[list[int], int, int]:
    """Return the rows of the step that holds the batch of most tokens, its rows and its length.

    Of several processes the batches of the first count: the longest row of a step is its own.
    """
    found: tuple[int, list[int], int, int] = (0, [], 0, 0)
    for epoch in range(min(settings.epochs, EPOCHS)):
        for step in steps_of_epoch(
            len(lengths),
            rows_a_step=settings.batch_rows * settings.accumulation,
            seed=settings.seed,
            epoch=epoch,
        ):
            mine = share_of(step, lengths, number=0, count=processes)
            for part in split_by_tokens(
                lengths,
                mine,
                most_rows=settings.batch_rows,
                most_tokens=settings.batch_tokens,
                most_padding=pass_tokens(device),
            ):
                length = max(lengths[row] for row in part)
                if length * len(part) > found[0]:
                    found = (length * len(part), step, len(part), length)
    return found[1:]


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Try a step; the exit code is 0 unless it failed."""
    return run(folder, attempt, Explained(folder), is_terminated)


if __name__ == "__main__":
    start(main)
