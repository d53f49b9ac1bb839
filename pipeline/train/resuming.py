"""What a resume may do beside going on: go back to an earlier checkpoint, or need less memory."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.train import advice, checkpoints, presets
from pipeline.train.config import Settings, TrainConfig


class SettingIsFixed(BadInput):
    """A setting decides what a run learns, so it cannot change on the way."""

    def __init__(self, setting: str, run_id: int) -> None:
        self.setting, self.run_id = setting, run_id
        super().__init__(
            "{setting} decides what run {run_id} learns, so it cannot change on the way. A resume "
            "may change {free}; for anything else start a new run (train --from {run_id} "
            "--checkpoint step-N).",
            free=tuple(sorted(advice.FREE_TO_CHANGE)),
        )


def with_changes(config: TrainConfig, run_id: int, changes: Sequence[str]) -> TrainConfig:
    """Return the config with `name=value` texts applied; raises SettingIsFixed, BadInput."""
    settings = presets.changed(config.settings, list(changes))
    for each in fields(Settings):
        is_changed = getattr(settings, each.name) != getattr(config.settings, each.name)
        if is_changed and each.name not in advice.FREE_TO_CHANGE:
            raise SettingIsFixed(each.name, run_id)
    return replace(config, settings=settings)


def checkpoint_of(folder: Path, name: str) -> Path:
    """Return the folder of a run's checkpoint `step-N`; BadInput names those there are."""
    there = {each.folder.name: each.folder for each in checkpoints.listed(folder)}
    if name in there:
        return there[name]
    raise BadInput(
        "Run {folder} has no checkpoint {name!r}. There are: {there}.",
        folder=folder.name,
        name=name,
        there=tuple(there),
    )


def go_back(folder: Path, name: str) -> None:
    """Delete a run's checkpoints after `step-N`, the newest first: no kill breaks the line."""
    checkpoints.clear_halves(folder)  # Else the start brings back a later one.
    chosen = checkpoint_of(folder, name)
    for later in reversed(checkpoints.listed(folder)):
        if later.folder == chosen:
            break
        checkpoints.remove(later.folder)
