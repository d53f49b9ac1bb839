"""The adapter that is meant where a person names a run, or a checkpoint of it."""

import re
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.train import checkpoints
from pipeline.train.state import Run

_STEP = re.compile(r"step-(\d+)")


class NoAdapterYet(BadInput):
    """A run has saved no adapter yet."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(
            "Run {run.id} is {run.state} and has left no adapter yet. Wait until it has "
            "finished, stop it, or name one of its checkpoints."
        )


def adapter_of(run: Run, checkpoint: str = "") -> Path:
    """Return the folder of the adapter a run stands for, or of a checkpoint's (`step-N`).

    A checkpoint's is a folder of its own, which stays when the run deletes old checkpoints. Raises
    NoAdapterYet, NoSuchCheckpoint, NoAdapterShape.
    """
    if checkpoint:
        step = _STEP.fullmatch(checkpoint)
        if step is None:
            raise BadInput(
                "{checkpoint!r} names no checkpoint; it looks like step-40.", checkpoint=checkpoint
            )
        return checkpoints.adapter_at(run.folder, int(step[1]))
    if run.adapter is None:
        raise NoAdapterYet(run)
    return run.adapter
