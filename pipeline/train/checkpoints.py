"""The checkpoints of a run as others use them: listed, made an adapter, chosen, deleted.

Folders alone, without torch; `pipeline.workers.checkpoints` writes them. Which adapter a run stands
for is decided here and nowhere else: `adapter_of`.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json, write_json
from pipeline.train import early

MARKER = "checkpoint.json"
WEIGHTS = "lora.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_MARKER = "graft.json"
CHOSEN = "chosen.json"
FORMAT = 1


class NoSuchCheckpoint(BadInput):
    """A run has no such checkpoint, or nothing to make an adapter of it with."""

    def __init__(self, folder: Path, step: int, known: tuple[int, ...]) -> None:
        self.folder, self.step, self.known = folder, step, known
        super().__init__(
            "Run {folder.name} has no checkpoint of step {step}. Steps that are kept: {known}."
        )


class NoAdapterShape(BadInput):
    """A run that saved no adapter left checkpoints that only it can go on from."""

    def __init__(self, folder: Path, step: int) -> None:
        self.folder, self.step = folder, step
        super().__init__(
            "Run {folder.name} ended before it saved an adapter, so its checkpoint of step "
            "{step} has no tokenizer beside it. Resume the run and stop it: then it has."
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One whole checkpoint of a run."""

    step: int
    epoch: int
    """Whole epochs that are done."""
    folder: Path
    size_bytes: int
    is_inside_epoch: bool = False
    """Only there to go on from: the next one takes its place."""
    validation_loss: float | None = None
    """None where nothing was validated at its step."""
    is_best: bool = False
    """Whether its validation loss is the lowest of those that are there."""


def listed(folder: Path) -> tuple[Checkpoint, ...]:
    """Return the whole checkpoints of a run's folder, rising by step."""
    markers: dict[int, tuple[Path, dict[str, object]]] = {}
    for marker in (folder / "checkpoints").glob(f"step-*/{MARKER}"):
        try:
            value = read_json(marker)
            markers[int(str(value["step"]))] = (marker.parent, value)
        except (OSError, ValueError, KeyError):
            continue  # Deleted this moment, or not whole: nothing to go on from.
    # Each one holds every validation before it, so the newest knows them all.
    losses = dict(_validations(markers[max(markers)][1])) if markers else {}
    best = early.best([(step, loss) for step, loss in losses.items() if step in markers])
    return tuple(
        Checkpoint(
            step=step,
            epoch=int(str(value.get("epoch", 0))),
            folder=path,
            size_bytes=size_bytes(path),
            is_inside_epoch=bool(value.get("is_inside_epoch")),
            validation_loss=losses.get(step),
            is_best=best is not None and best[0] == step,
        )
        for step, (path, value) in sorted(markers.items())
    )


def adapter_of(folder: Path) -> Path | None:
    """Return the adapter that a run stands for: the chosen checkpoint's, else what it ended with.

    None while it has neither.
    """
    step = chosen_step(folder)
    return _made(folder, step) if step is not None else _whole(folder / "adapter")


def chosen_step(folder: Path) -> int | None:
    """Return the step of the checkpoint chosen for a run; None where its last weights stand."""
    try:
        value = read_json(folder / CHOSEN)
    except (OSError, ValueError):
        return None
    step = value.get("step")
    return step if isinstance(step, int) and _made(folder, step) else None


def choose(folder: Path, step: int | None) -> None:
    """Let a run stand for the adapter of a checkpoint, or (None) for what it ended with."""
    if step is None:
        (folder / CHOSEN).unlink(missing_ok=True)
        return
    adapter_at(folder, step)
    write_json(folder / CHOSEN, {"format": FORMAT, "step": step})


def adapter_at(folder: Path, step: int) -> Path:
    """Return an adapter's folder with the weights of a checkpoint, made once.

    It stays when the checkpoint is deleted. Raises NoSuchCheckpoint, NoAdapterShape.
    """
    if made := _made(folder, step):
        return made
    kept = {each.step: each for each in listed(folder)}
    if step not in kept:
        raise NoSuchCheckpoint(folder, step, tuple(kept))
    files = dict(_adapter_files(folder, kept[step].folder))
    if not files:
        raise NoAdapterShape(folder, step)
    target = _place(folder, step)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, source in files.items():
        _link(source, temporary / name)
    try:
        temporary.rename(target)
    except OSError:  # Another process made it meanwhile.
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def step_of(adapter: Path, folder: Path) -> int | None:
    """Return the step of the checkpoint that an adapter's folder was made of; None: of no one."""
    steps = {_place(folder, each): each for each in _made_steps(folder)}
    return steps.get(adapter)


def step_in(adapter: str) -> int | None:
    """Return the step that the path of a checkpoint, or of an adapter made of it, names."""
    name = Path(adapter).name.removeprefix("step-")
    return int(name) if name.isdecimal() else None


def delete(folder: Path, steps: Iterable[int]) -> int:
    """Delete checkpoints, and adapters made of them unless chosen; return the bytes freed."""
    freed, chosen = 0, chosen_step(folder)
    for each in listed(folder):
        if each.step not in set(steps):
            continue
        freed += each.size_bytes
        remove(each.folder)
        if each.step != chosen:
            shutil.rmtree(_place(folder, each.step), ignore_errors=True)
    return freed


def remove(checkpoint: Path) -> None:
    """Delete a checkpoint's folder so that at no instant a part of it looks whole."""
    gone = checkpoint.with_name(f".{checkpoint.name}.{os.getpid()}.tmp")
    checkpoint.rename(gone)
    shutil.rmtree(gone)


def put(made: Path, folder: Path) -> None:
    """Give a whole new folder its name; killed at any instant, `clear_halves` leaves one whole."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    with suppress(FileNotFoundError):
        folder.rename(aside)
    made.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def clear_halves(folder: Path) -> None:
    """Clear away what a killed process left half written or half deleted in a run's folder.

    What it had put aside, and had put nothing in place of, is brought back.
    """
    in_run = (path for name in ("adapter", "arriving") for path in folder.glob(f".{name}.*"))
    for half in (*(folder / "checkpoints").glob(".step-*"), *in_run):
        place = half.with_name(half.name.split(".")[1])
        if half.suffix == ".old" and not place.exists():
            half.rename(place)
        else:
            shutil.rmtree(half)


def size_bytes(folder: Path) -> int:
    """Return how much disk the files below a folder take; a file with two names counts once."""
    sizes = {}
    for path in folder.rglob("*"):
        try:
            about = path.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(about.st_mode):
            sizes[about.st_ino] = about.st_size
    return sum(sizes.values())


def _validations(marker: dict[str, object]) -> list[early.Validated]:
    told = marker.get("validations")
    return [(int(step), float(loss)) for step, loss in (told if isinstance(told, list) else [])]


def _adapter_files(folder: Path, checkpoint: Path) -> Iterator[tuple[str, Path]]:
    """The files of an adapter with a checkpoint's weights; none where only the weights are there.

    What stands beside the weights (tokenizer, template, shape) is the same all through a run.
    """
    beside = _whole(folder / "adapter")
    if _whole(checkpoint):
        beside = checkpoint
    if beside is None:
        return
    for path in beside.iterdir():
        if path.is_file() and path.name not in (ADAPTER_WEIGHTS, WEIGHTS, MARKER, "state.pt"):
            yield path.name, path
    weights = checkpoint / ADAPTER_WEIGHTS
    yield ADAPTER_WEIGHTS, weights if weights.is_file() else checkpoint / WEIGHTS


def _link(source: Path, target: Path) -> None:
    """Give a file a second name; copy it where the disk cannot. Weights are never written in."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _place(folder: Path, step: int) -> Path:
    return folder / "adapters" / f"step-{step}"


def _made(folder: Path, step: int) -> Path | None:
    return _whole(_place(folder, step))


def _made_steps(folder: Path) -> list[int]:
    names = [path.name.removeprefix("step-") for path in (folder / "adapters").glob("step-*")]
    return [int(name) for name in names if name.isdigit()]


def _whole(folder: Path) -> Path | None:
    return folder if (folder / ADAPTER_MARKER).is_file() else None
