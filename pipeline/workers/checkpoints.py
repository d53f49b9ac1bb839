"""What a run leaves on disk: checkpoints and its adapter. Whole or absent.

A checkpoint is an adapter's folder with what it takes to go on beside it, so it can be asked,
scored or continued as it is.
"""

import io
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.disk import FULL, is_full
from pipeline.errors import PipelineError
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said
from pipeline.train import checkpoints, continuing
from pipeline.train.checkpoints import MARKER, Checkpoint
from pipeline.train.config import TrainConfig
from pipeline.train.early import Validated
from pipeline.workers import lora
from pipeline.workers.ranks import Ranks

STATE = "state.pt"


class DiskFull(PipelineError):
    """The disk had no room for a checkpoint or an adapter; nothing half written is left."""

    def __init__(self, folder: Path, last: Path | None, reason: object) -> None:
        kept = Said("No checkpoint had been saved before: free some space, then start again.")
        if last:
            kept = Said(
                "The last whole checkpoint is {last.name}, and it is untouched: free some space, "
                "then resume from it.",
                last=last,
            )
        self.folder, self.last = folder, last
        super().__init__(
            "The disk is full: {folder.name} could not be saved ({reason}). {kept}",
            reason=reason,
            kept=kept,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come."""

    epoch: int = 0
    """Whole epochs that are done."""
    step: int = 0
    """Optimizer steps that are done, over all epochs."""
    tokens: int = 0
    """Real tokens learned from."""


Chance = dict[str, list[torch.Tensor]]
"""The states of the generators of random numbers, one of each process that trains the run."""


@dataclass(slots=True)
class Trained:
    """The parts of a run that change while it trains: all that a checkpoint has to hold."""

    model: PeftModel
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler
    """Scales float16's gradients; off in every other number format."""
    place: Place = Place()
    validations: list[Validated] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    """The losses of the steps of the epoch at hand."""


@dataclass(frozen=True, slots=True)
class Home:
    """A run's folder, and what every adapter in it is saved with."""

    folder: Path
    tokenizer: Tokenizer
    config: TrainConfig

    def save(self, trained: Trained, chance: Chance, *, is_inside_epoch: bool = False) -> Path:
        """Write a checkpoint, then delete those that are no longer kept; raises DiskFull.

        One inside an epoch is there to go on from, until the next one of either kind.
        """
        folder = self._place(trained.place.step)

        def write(temporary: Path) -> None:
            self._write_adapter(temporary, trained.model)
            buffer = io.BytesIO()
            torch.save(_state(trained) | chance, buffer)
            (temporary / STATE).write_bytes(buffer.getbuffer())
            marker = {
                **asdict(trained.place),
                "is_inside_epoch": is_inside_epoch,
                "validations": trained.validations,
            }
            write_json(temporary / MARKER, marker)

        _replace(folder, write, newest(self.folder))
        for old in self._superseded():
            checkpoints.remove(old.folder)
        return folder

    def save_adapter(self, model: PeftModel) -> None:
        """Write the run's adapter as the model is now; raises DiskFull."""
        folder = self.folder / "adapter"
        _replace(folder, lambda place: self._write_adapter(place, model), newest(self.folder))

    def adopt(self, step: int) -> None:
        """Make a checkpoint's adapter the run's own; raises DiskFull."""
        source = self._place(step)

        def write(temporary: Path) -> None:
            for path in source.iterdir():
                if path.name not in (MARKER, STATE):
                    shutil.copyfile(path, temporary / path.name)

        _replace(self.folder / "adapter", write, newest(self.folder))

    def _place(self, step: int) -> Path:
        return self.folder / "checkpoints" / f"step-{step}"

    def _write_adapter(self, folder: Path, model: PeftModel) -> None:
        """Write the weights, the tokenizer, its chat template, and what it was trained on."""
        model.save_pretrained(folder, safe_serialization=True)
        self.tokenizer.save_pretrained(folder)
        write_json(folder / "graft.json", about(self.config))

    def _superseded(self) -> list[Checkpoint]:
        """Those beyond the number to keep; never the newest, and never the best."""
        there = checkpoints.listed(self.folder)
        at_ends = [each for each in there if not each.is_inside_epoch]
        old = at_ends[: -self.config.settings.keep_checkpoints]
        old += [each for each in there[:-1] if each.is_inside_epoch]
        return [each for each in old if not each.is_best]


def about(config: TrainConfig) -> dict[str, object]:
    """Return what `graft.json` says of an adapter: what it was trained on, and from what."""
    return {
        "format": 1,
        "base": config.model,
        "export": Path(config.export).name,
        "layout": config.layout,
        "targets": config.settings.targets,
        "system_prompt": asdict(config.system_prompt),
        "triggers": [list(trigger) for trigger in config.triggers],
        "data": [
            {"name": f.name, "dataset": f.dataset, "role": f.role, "sha1": f.sha1}
            for f in config.data
        ],
        "continues": _continued(config),
    }


def _continued(config: TrainConfig) -> dict[str, object] | None:
    if not config.initial_adapter:
        return None
    adapter = Path(config.initial_adapter)
    return {
        "run": config.parent_run,
        "adapter": config.initial_adapter,
        "datasets": list(continuing.datasets(adapter)),
    }


def newest(folder: Path) -> Path | None:
    """Return the folder of a run's newest whole checkpoint."""
    whole = checkpoints.listed(folder)
    return whole[-1].folder if whole else None


def chance_of(ranks: Ranks) -> Chance:
    """Return what decides the chance of every process that trains the run; all of them ask."""
    here, device = {"random": torch.get_rng_state()}, torch.device(ranks.device)
    if device.type == "cuda":
        here["random_cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        here["random_mps"] = torch.mps.get_rng_state()
    return {name: ranks.each_of(state) for name, state in here.items()}


def _take_chance(state: dict[str, object], ranks: Ranks) -> None:
    """Go on with this process's chance; one that was not there before goes its own way."""
    device = torch.device(ranks.device)
    restore: dict[str, Callable[[torch.Tensor], None]] = {"random": torch.set_rng_state}
    if device.type == "cuda":
        restore["random_cuda"] = lambda kept: torch.cuda.set_rng_state(kept, device)
    elif device.type == "mps":
        restore["random_mps"] = torch.mps.set_rng_state
    for name, put_back in restore.items():
        kept = state.get(name)
        # Checkpoints of before hold one process's alone.
        states = kept if isinstance(kept, list) else [kept]
        if ranks.number < len(states) and states[ranks.number] is not None:
            put_back(states[ranks.number])


def load(folder: Path, trained: Trained, ranks: Ranks) -> None:
    """Put everything back as it stood when the checkpoint was made."""
    lora.put_weights(trained.model, folder)
    # Written by `save` alone, and read without unpickling code.
    state = torch.load(folder / STATE, weights_only=True, map_location="cpu")
    trained.optimizer.load_state_dict(state["optimizer"])
    trained.schedule.load_state_dict(state["schedule"])
    trained.scaler.load_state_dict(state["scaler"])
    trained.epoch_losses = list(state["epoch_losses"])
    _take_chance(state, ranks)
    value = read_json(folder / MARKER)
    trained.place = Place(**{name: int(str(value[name])) for name in Place.__dataclass_fields__})
    told = value["validations"]
    trained.validations = [
        (int(step), float(loss)) for step, loss in (told if isinstance(told, list) else [])
    ]


def _state(trained: Trained) -> dict[str, object]:
    return {
        "optimizer": trained.optimizer.state_dict(),
        "schedule": trained.schedule.state_dict(),
        "scaler": trained.scaler.state_dict(),
        "epoch_losses": trained.epoch_losses,
    }


def _replace(folder: Path, write: Callable[[Path], None], last: Path | None) -> None:
    """Let `write` fill a folder, flush it to disk, and give it its name; raises DiskFull."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        write(temporary)
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if _is_full(error):
            raise DiskFull(folder, last, error) from error
        raise
    checkpoints.put(temporary, folder)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return is_full(error)
    # safetensors writes in Rust and gives the number in its words alone.
    return any(f"os error {number}" in str(error) for number in FULL)
