"""What a run can train on: this machine's CPU and GPUs, read through NVML without torch."""

import importlib.util
import os
import platform
from dataclasses import dataclass

import psutil
import pynvml

from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.train.cluster import PREFIX, cluster_of


class DeviceMissing(BadInput):
    """This machine has no such device now, though it may have had it a moment ago."""

    def __init__(self, device: str, known: tuple[str, ...]) -> None:
        self.device, self.known = device, known
        super().__init__(
            "There is no device {device!r} on this machine now. Devices: auto, {known}. Nothing "
            "was started."
        )


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this machine."""

    name: str
    """What a config calls it: `cpu`, `mps`, `cuda:N` with NVML's number, `cuda:0,1` for several."""
    title: str
    memory_total_bytes: int
    memory_free_bytes: int
    uuid: str = ""
    """The GPU's own name, which does not change with the order of the cards; with commas."""


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices found, best first, and why there might be fewer than expected."""

    found: tuple[Device, ...]
    warning: str = ""

    def here(self, name: str) -> Device:
        """Return a device of this machine by name, as `get` does; BadInput for a cluster."""
        if name.startswith(PREFIX):
            raise BadInput(
                "A cluster only trains; this runs on this machine, not on {device}. Choose auto, "
                "or one of this machine's devices.",
                device=name,
            )
        return self.get(name)

    def get(self, name: str) -> Device:
        """Return a device by name, `auto` being the best; DeviceMissing names those there are.

        Several GPUs (`cuda:0,1`) come as one device, with the memory of the smallest.
        """
        if name == "auto":
            return self.found[0]
        if name.startswith(PREFIX):
            address = cluster_of(name).address
            return Device(name, f"Ray cluster at {address}", 0, 0)
        if len(parts(name)) > 1:
            return _joined([self.get(part) for part in parts(name)])
        for device in self.found:
            if device.name == name:
                return device
        raise DeviceMissing(name, tuple(device.name for device in self.found))


def parts(name: str) -> tuple[str, ...]:
    """Return the devices that a name stands for: `cuda:0,1` is `cuda:0` and `cuda:1`."""
    kind, _, numbers = name.partition(":")
    return (
        tuple(f"{kind}:{number.strip()}" for number in numbers.split(",")) if numbers else (name,)
    )


def overlap(one: str, other: str) -> bool:
    """Say whether two names stand for a device in common."""
    return not set(parts(one)).isdisjoint(parts(other))


def devices() -> Devices:
    """Look for devices now; a broken NVIDIA driver is told in the warning, not raised."""
    gpus, warning = _gpus()
    found = [*gpus]
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        memory = psutil.virtual_memory()
        found.append(Device("mps", "Apple GPU", memory.total, memory.available))
    found.append(_cpu())
    return Devices(tuple(found), warning)


def environment(device: Device) -> dict[str, str]:
    """Return what a child's environment needs so that it sees this device and no other GPU."""
    visible = device.uuid if device.name.startswith("cuda") else ""
    return {"CUDA_VISIBLE_DEVICES": visible, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def refuse_quantization(quantization: str) -> None:
    """Raise BadInput where a base in 4 or 8 bits is asked for without the package that makes it."""
    if quantization != "none" and importlib.util.find_spec("bitsandbytes") is None:
        raise BadInput(
            "quantization is {quantization}, which needs the package bitsandbytes. Install it "
            "(pip install bitsandbytes), or choose quantization none.",
            quantization=quantization,
        )


def _joined(several: list[Device]) -> Device:
    if len({device.name for device in several}) < len(several):
        raise BadInput(
            "A device is named twice: {devices}.", devices=tuple(device.name for device in several)
        )
    return Device(
        name="cuda:" + ",".join(device.name.removeprefix("cuda:") for device in several),
        title=f"{len(several)} × {several[0].title}",
        memory_total_bytes=min(device.memory_total_bytes for device in several),
        memory_free_bytes=min(device.memory_free_bytes for device in several),
        uuid=",".join(device.uuid for device in several),
    )


def cores() -> int:
    """Return how many of this machine's cores may be used."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> Device:
    memory = psutil.virtual_memory()
    return Device("cpu", Said("CPU, {cores} cores", cores=cores()), memory.total, memory.available)


def _gpus() -> tuple[list[Device], str]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        if error.value in _NO_DRIVER:
            return [], ""
        return [], Said(
            "NVIDIA's driver answered with an error, so GPUs cannot be used: {error}", error=error
        )
    try:
        return [_gpu(index) for index in range(pynvml.nvmlDeviceGetCount())], ""
    except pynvml.NVMLError as error:
        return [], Said("NVIDIA's driver could not list its GPUs: {error}", error=error)
    finally:
        pynvml.nvmlShutdown()


_NO_DRIVER = (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, pynvml.NVML_ERROR_DRIVER_NOT_LOADED)


def _gpu(index: int) -> Device:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Device(
        name=f"cuda:{index}",
        title=str(pynvml.nvmlDeviceGetName(handle)),
        memory_total_bytes=int(memory.total),
        memory_free_bytes=int(memory.free),
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
    )
