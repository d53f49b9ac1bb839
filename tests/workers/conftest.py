"""A tiny real model, for tests that are marked slow."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `base` and the adapters `7`, `8`, `dora` (refuses mixing) and `idle`."""
    # Only tests that want the model pay for importing torch.
    from tests.workers.tiny_model import make_adapter, make_base  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny")
    base = make_base(folder / "base")
    make_adapter(base, folder / "7", seed=1)
    make_adapter(base, folder / "8", seed=2)
    make_adapter(base, folder / "dora", seed=3, use_dora=True)
    make_adapter(base, folder / "idle", seed=4, init_lora_weights=True)
    return folder
