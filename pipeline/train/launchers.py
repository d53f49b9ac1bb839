"""Which worker trains a run: one process, or several that learn together."""

from pipeline.errors import BadInput
from pipeline.train.config import TrainConfig
from pipeline.train.devices import parts

ONE = "pipeline.workers.train"
SEVERAL = "pipeline.workers.several"


def processes(device: str, wanted: int) -> int:
    """Return how many processes a run takes: one a GPU, or as many as wanted on a CPU.

    BadInput where both are said and contradict each other.
    """
    gpus = len(parts(device))
    if device == "cpu":
        return wanted
    if wanted in (1, gpus):
        return gpus
    raise BadInput(
        f"processes is {wanted}, but the device {device} takes {gpus}: one a GPU. "
        "Name as many GPUs (cuda:0,1), or leave processes out."
    )


def worker(frozen: TrainConfig) -> str:
    """Return the module that trains a run of this config."""
    return SEVERAL if frozen.processes > 1 else ONE
