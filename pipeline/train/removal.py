"""Deleting a run. Its number is never given again: evaluations, children and votes name it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.train import checkpoints, state
from pipeline.train.state import Run

_CONFIG, _LAUNCH = "config.json", "launch.json"


class RunActive(BadInput):
    """A run that is still at work cannot be deleted."""

    def __init__(self, run: Run) -> None:
        self.run_id, self.state = run.id, run.state
        super().__init__("Run {run_id} is {state}. Stop it first, then delete it.")


@dataclass(frozen=True, slots=True)
class Extent:
    """What goes with a run."""

    checkpoints: int
    size_bytes: int


def extent(folder: Path) -> Extent:
    """Return what deleting a run's folder would delete."""
    return Extent(len(checkpoints.listed(folder)), checkpoints.size_bytes(folder))


def delete(folder: Path) -> None:
    """Delete what is in a run's folder and leave the folder, so that its number stays taken.

    Without its config it is no run any more; killed midway, `sweep` deletes the rest.
    Raises RunActive.
    """
    run = state.read(folder)
    if run.is_active:
        raise RunActive(run)
    (folder / _CONFIG).unlink()
    _clear(folder)


def sweep(home: Path) -> None:
    """Delete what killed deletions left in the folder of all runs."""
    for folder in home.iterdir():
        # One that is still being made has no config either, but was never launched.
        if not (folder / _CONFIG).exists() and (folder / _LAUNCH).exists():
            _clear(folder)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == _LAUNCH:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / _LAUNCH).unlink(missing_ok=True)
