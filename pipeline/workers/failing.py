"""Why a training failed: its class, and words that a person can act on."""

from pathlib import Path

import torch

from pipeline.disk import is_full
from pipeline.errors import DoesNotHold, PipelineError
from pipeline.train import advice, checkpoints, config
from pipeline.workers.checkpoints import DiskFull
from pipeline.workers.lessons import DataChanged
from pipeline.workers.loop import LossNotFinite
from pipeline.workers.model import NoSuchDevice

# What torch says where only CUDA has a class of its own for it.
_OTHER_ALLOCATORS = ("DefaultCPUAllocator", "MPS backend out of memory", "CUDA out of memory")


_OWN: dict[type[PipelineError], str] = {
    LossNotFinite: "not_finite",
    DataChanged: "data",
    DiskFull: "disk",
    NoSuchDevice: "device",
}
"""The classes of what is raised on purpose; anything else is about the model."""


class Explained:
    """Explains what ended the training of a run's folder; its settings tell what to lower."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, error: Exception) -> tuple[str, str]:
        """Return the class of the `error` event and its message."""
        match error:
            case PipelineError():
                return _OWN.get(type(error), "model"), str(error)
            case torch.OutOfMemoryError() | MemoryError():
                return self._out_of_memory(error)
            case RuntimeError() if any(words in str(error) for words in _OTHER_ALLOCATORS):
                return self._out_of_memory(error)
            case torch.AcceleratorError():
                return "device", self._device_gone(error)
            case RuntimeError() if str(error).startswith(("CUDA error", "NCCL error")):
                return "device", self._device_gone(error)
            case OSError():
                return "disk", self._disk(error)
            case _:
                return "unknown", f"{type(error).__name__}: {error}. The log has the details."

    def _out_of_memory(self, error: Exception) -> tuple[str, str]:
        is_gpu = isinstance(error, torch.OutOfMemoryError)
        whose = "The GPU's memory" if is_gpu else "The memory of this machine"
        first = next(iter(str(error).splitlines()), "")
        try:
            frozen = config.read(self._folder)
        except DoesNotHold:
            return "out_of_memory", f"{whose} is full ({first})."
        return "out_of_memory", (
            f"{whose} is full ({first}). {advice.less_memory(frozen.settings, frozen.device)}"
        )

    def _device_gone(self, error: Exception) -> str:
        first = next(iter(str(error).splitlines()), "")
        return (
            f"The device failed or is gone: {first}. See what its driver says (nvidia-smi; dmesg), "
            f"restart what hangs, then resume. {self._kept()}"
        )

    def _disk(self, error: OSError) -> str:
        if is_full(error):
            return f"The disk is full ({error}). Free some space, then resume. {self._kept()}"
        return f"A file could not be read or written: {error}. {self._kept()}"

    def _kept(self) -> str:
        there = checkpoints.listed(self._folder)
        if not there:
            return "No checkpoint had been saved yet."
        return f"The last whole checkpoint is {there[-1].folder.name}."
