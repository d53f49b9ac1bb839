"""Every test here needs an NVIDIA GPU, and is skipped where there is none: `pytest tests/gpu`."""

from pathlib import Path

import pytest

from pipeline.train.devices import devices

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is in this folder where no GPU is."""
    if any(device.name.startswith("cuda") for device in devices().found):
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU"))


@pytest.fixture
def gpu() -> str:
    """What a config calls the first GPU."""
    return "cuda:0"
