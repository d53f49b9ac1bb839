"""Which worker trains a run: one process here, several that learn together, or a cluster."""

from pipeline.errors import BadInput
from pipeline.train.cluster import PREFIX, STOP_PATIENCE_S
from pipeline.train.config import TrainConfig
from pipeline.train.devices import parts

ONE = "pipeline.workers.train"
SEVERAL = "pipeline.workers.several"
REMOTE = "pipeline.workers.remote"
GRACE_S = 30.0
"""How long a worker on this machine may take to save once it is stopped."""
PARTING_S = 10.0
"""How long the worker here may take to tell a cluster that a run is to end unsaved."""


def grace_s(module: str) -> float:
    """Return how long a worker may take to save once it is stopped: a cluster's as its job may."""
    return STOP_PATIENCE_S if module == REMOTE else GRACE_S


def parting_s(module: str) -> float:
    """Return how long a worker may take to end where nothing is saved; most need not be asked."""
    return PARTING_S if module == REMOTE else 0.0


def processes(device: str, wanted: int) -> int:
    """Return how many processes a run takes: one a GPU here, else as many as wanted.

    BadInput where both are said and contradict each other.
    """
    gpus = len(parts(device))
    if device == "cpu" or device.startswith(PREFIX):
        return wanted
    if wanted in (1, gpus):
        return gpus
    raise BadInput(
        "processes is {wanted}, but the device {device} takes {gpus}: one a GPU. Name as many "
        "GPUs (cuda:0,1), or leave processes out.",
        wanted=wanted,
        device=device,
        gpus=gpus,
    )


def worker(frozen: TrainConfig) -> str:
    """Return the module that trains a run of this config."""
    if frozen.device.startswith(PREFIX):
        return REMOTE
    return SEVERAL if frozen.processes > 1 else ONE
