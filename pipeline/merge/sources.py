"""Which files of a run make the adapter that is merged: its last one, or a checkpoint's."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.models.template import SystemPrompt
from pipeline.train.state import Run

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LORA = "lora.safetensors"
"""The weights of a checkpoint."""
_STEP = re.compile(r"step-\d+")


class NothingToMerge(BadInput):
    """A run has saved no adapter, or not the checkpoint that was named."""

    def __init__(self, run: Run, checkpoint: str) -> None:
        what = f"no whole checkpoint {checkpoint}" if checkpoint else "no adapter"
        known = ", ".join(checkpoints(run))
        hint = f" Checkpoints: {known}." if known else " Wait until it has saved something."
        super().__init__(f"Run {run.id} is {run.state} and has {what} to merge.{hint}")
        self.run, self.checkpoint = run, checkpoint


@dataclass(frozen=True, slots=True)
class Source:
    """Where the parts of an adapter lie."""

    adapter: Path
    """The folder with its settings."""
    weights: Path
    tokenizer: Path
    """The folder whose tokenizer and chat template go along."""
    system_prompt: SystemPrompt | None
    """What that template has to be changed to first; None where it stands as trained."""


def checkpoints(run: Run) -> tuple[str, ...]:
    """Return the names of a run's whole checkpoints, the oldest first."""
    found = [path.parent.name for path in (run.folder / "checkpoints").glob("*/checkpoint.json")]
    steps = [name for name in found if _STEP.fullmatch(name)]
    return tuple(sorted(steps, key=lambda name: int(name.removeprefix("step-"))))


def source(run: Run, checkpoint: str = "") -> Source:
    """Return the parts of a run's adapter, or of one of its checkpoints; raises NothingToMerge."""
    folder = run.folder / "checkpoints" / checkpoint if checkpoint else run.adapter
    if folder is None or (checkpoint and checkpoint not in checkpoints(run)):
        raise NothingToMerge(run, checkpoint)
    settings = next((at for at in (folder, run.adapter) if at and (at / CONFIG).is_file()), None)
    weights = next((folder / name for name in (WEIGHTS, LORA) if (folder / name).is_file()), None)
    if settings is None or weights is None:
        raise NothingToMerge(run, checkpoint)
    has_own = run.adapter is not None and (run.adapter / "tokenizer_config.json").is_file()
    return Source(
        adapter=settings,
        weights=weights,
        tokenizer=run.adapter if run.adapter and has_own else Path(run.config.model),
        system_prompt=None if has_own else run.config.system_prompt,
    )
