"""What a run needs beside what there is for it: the memory of a process, and what a cluster has.

Knows the devices and their state now; the sums themselves are `estimate`'s.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.models.shape import shape_of
from pipeline.publish.lengths import FileLengths
from pipeline.train.cluster import PREFIX, cluster_of
from pipeline.train.config import DataFile, Settings
from pipeline.train.devices import Device
from pipeline.train.estimate import Estimate, Machine, estimate, machine, parts
from pipeline.train.facts import Asked, Memory
from pipeline.train.trial import Trial


def ask_cluster(device: str) -> Asked:
    """Ask the cluster that a device names what it is; why it does not answer is a fact too."""
    address = device.removeprefix(PREFIX)
    try:
        return Asked(address, cluster_of(device).about())
    except PipelineError as fact:
        return Asked(address, fault=fact)


def memory(
    reckoned: Estimate | None, device: Device, processes: int, trial: Trial | None
) -> Memory | None:
    """Put what a process needs, measured by a trial or else reckoned, beside what is free."""
    if reckoned is None:
        return None
    measured = None
    if trial and trial.tried:
        # torch counts what it gave out on a GPU, not the context that the driver holds beside it.
        beside = 0 if device.name == "cpu" else reckoned.process
        measured = trial.tried.peak_memory_bytes + beside
    return Memory(
        reckoned,
        device.memory_free_bytes,
        device.memory_total_bytes,
        measured,
        processes,
        is_shared=device.name == "cpu",
    )


def machine_of(device: Device, asked: Asked | None, settings: Settings) -> Machine:
    """What a run computes on; a cluster's GPUs where it has any, else its processors."""
    if asked is None:
        return machine(device.name, settings)
    return machine("cuda" if asked.about.gpus else "cpu", settings)


def needed(
    model: Path,
    settings: Settings,
    on: Machine,
    data: Sequence[DataFile],
    files: Sequence[FileLengths],
    *,
    processes: int,
) -> Estimate | None:
    """Reckon what each process needs; None where the model's shape or the rows cannot be read."""
    if not any(file.wholes for file in files):
        return None
    try:
        shape = shape_of(model)
    except (OSError, ValueError):
        return None
    split = parts(files, [file.repeat for file in data], settings, on.device, processes)
    return estimate(shape, settings, on, split)
