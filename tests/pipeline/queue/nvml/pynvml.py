"""Stands in for NVIDIA's library below our code: a machine with two GPUs that do not exist."""

from types import SimpleNamespace

NVML_ERROR_LIBRARY_NOT_FOUND, NVML_ERROR_DRIVER_NOT_LOADED = 12, 9


class NVMLError(Exception):
    """What the library raises."""

    value = 0


def nvmlInit() -> None:
    """Begin."""


def nvmlShutdown() -> None:
    """End."""


def nvmlDeviceGetCount() -> int:
    """Return how many GPUs there are."""
    return 2


def nvmlDeviceGetHandleByIndex(index: int) -> int:
    """Return what the other functions take."""
    return index


def nvmlDeviceGetMemoryInfo(handle: int) -> SimpleNamespace:
    """Return the memory of a GPU."""
    return SimpleNamespace(total=24 << 30, free=23 << 30)


def nvmlDeviceGetName(handle: int) -> str:
    """Return its title."""
    return "Imagined GPU"


def nvmlDeviceGetUUID(handle: int) -> str:
    """Return its own name."""
    return f"GPU-{handle}"
