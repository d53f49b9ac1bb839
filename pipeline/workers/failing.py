"""Why a training failed: its class, and words that a person can act on."""

from pathlib import Path

import torch

from pipeline.disk import is_full
from pipeline.errors import DoesNotHold, PipelineError
from pipeline.said import Said
from pipeline.train import advice, checkpoints, config
from pipeline.workers.checkpoints import DiskFull
from pipeline.workers.lessons import DataChanged
from pipeline.workers.loop import LossNotFinite
from pipeline.workers.memory import is_of_gpu, is_out_of_memory
from pipeline.workers.model import NoSuchDevice
from pipeline.workers.process import unexpected

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

    def __call__(self, error: Exception) -> tuple[str, Said]:
        """Return the class of the `error` event and its message."""
        match error:
            case PipelineError():
                return _OWN.get(type(error), "model"), error.said
            case _ if is_out_of_memory(error):
                return self._out_of_memory(error)
            case torch.AcceleratorError():
                return "device", self._device_gone(error)
            case RuntimeError() if str(error).startswith(("CUDA error", "NCCL error")):
                return "device", self._device_gone(error)
            case OSError():
                return "disk", self._disk(error)
            case _:
                return unexpected(error)

    def _out_of_memory(self, error: Exception) -> tuple[str, Said]:
        first = next(iter(str(error).splitlines()), "")
        try:
            frozen = config.read(self._folder)
            cure = advice.less_memory(frozen.settings, frozen.device)
        except DoesNotHold:
            cure = Said("")
        if is_of_gpu(error):
            return "out_of_memory", Said(
                "The GPU's memory is full ({first}). {cure}", first=first, cure=cure
            )
        return "out_of_memory", Said(
            "The memory of this machine is full ({first}). {cure}", first=first, cure=cure
        )

    def _device_gone(self, error: Exception) -> Said:
        first = next(iter(str(error).splitlines()), "")
        return Said(
            "The device failed or is gone: {first}. See what its driver says (nvidia-smi; "
            "dmesg), restart what hangs, then resume. {kept}",
            first=first,
            kept=self._kept(),
        )

    def _disk(self, error: OSError) -> Said:
        if is_full(error):
            return Said(
                "The disk is full ({error}). Free some space, then resume. {kept}",
                error=error,
                kept=self._kept(),
            )
        return Said(
            "A file could not be read or written: {error}. {kept}", error=error, kept=self._kept()
        )

    def _kept(self) -> Said:
        there = checkpoints.listed(self._folder)
        if not there:
            return Said("No checkpoint had been saved yet.")
        return Said("The last whole checkpoint is {checkpoint}.", checkpoint=there[-1].folder.name)
