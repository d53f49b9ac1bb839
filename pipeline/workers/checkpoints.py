"""What a run leaves on disk: checkpoints to go on from, and the adapter. Whole or absent."""

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.jsonio import read_json, write_json
from pipeline.train.config import TrainConfig

MARKER = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come."""

    epoch: int = 0
    """Whole epochs that are done."""
    step: int = 0
    """Optimizer steps that are done, over all epochs."""
    tokens: int = 0
    """Real tokens learned from."""


@dataclass(slots=True)
class Trained:
    """The parts of a run that change while it trains."""

    model: PeftModel
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    place: Place


def save(home: Path, trained: Trained, *, keep: int) -> Path:
    """Write a checkpoint under `home`, by rename, and delete the oldest above `keep`."""
    folder = home / f"step-{trained.place.step}"
    temporary = home / f".step-{trained.place.step}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file(_weights(trained.model), temporary / "lora.safetensors")
    state = {
        "optimizer": trained.optimizer.state_dict(),
        "schedule": trained.schedule.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    torch.save(state, temporary / "state.pt")
    write_json(temporary / MARKER, asdict(trained.place))
    _replace(temporary, folder)
    for old in _listed(home)[:-keep]:
        shutil.rmtree(old)
    return folder


def newest(home: Path) -> Path | None:
    """Return the newest whole checkpoint, and clear away halves that a killed process left."""
    for half in home.glob(".step-*.tmp"):
        shutil.rmtree(half, ignore_errors=True)  # Another process of this run may be at it.
    whole = _listed(home)
    return whole[-1] if whole else None


def load(folder: Path, trained: Trained) -> None:
    """Put everything back as it stood when the checkpoint was made."""
    set_peft_model_state_dict(trained.model, load_file(folder / "lora.safetensors"))
    # Written by `save` alone, and read without unpickling code.
    state = torch.load(folder / "state.pt", weights_only=True, map_location="cpu")
    trained.optimizer.load_state_dict(state["optimizer"])
    trained.schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["random"])
    if torch.cuda.is_available() and state["random_cuda"]:
        torch.cuda.set_rng_state_all(state["random_cuda"])
    value = read_json(folder / MARKER)
    trained.place = Place(**{name: int(str(value[name])) for name in Place.__dataclass_fields__})


def save_adapter(folder: Path, model: PeftModel, tokenizer: Tokenizer, config: TrainConfig) -> None:
    """Write the adapter with its tokenizer, its chat template, and what it was trained on."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary, safe_serialization=True)
    tokenizer.save_pretrained(temporary)
    about = {
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
    }
    write_json(temporary / "graft.json", about)
    _replace(temporary, folder)


def _weights(model: PeftModel) -> dict[str, torch.Tensor]:
    state = get_peft_model_state_dict(model)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}


def _listed(home: Path) -> list[Path]:
    whole = [path.parent for path in home.glob(f"step-*/{MARKER}")]
    return sorted(whole, key=lambda path: int(path.name.removeprefix("step-")))


def _replace(temporary: Path, folder: Path) -> None:
    """Flush a finished folder to disk and give it its name."""
    for path in temporary.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
