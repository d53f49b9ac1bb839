"""The real demo model, for tests that are marked slow."""

from pathlib import Path

import pytest

from pipeline.workspace import REPOSITORY


@pytest.fixture(scope="session")
def demo_model() -> Path:
    folder = REPOSITORY / "data" / "workspace" / "models" / "smollm2-135m-instruct"
    if not (folder / "config.json").is_file():
        pytest.skip(f"the demo model is not in {folder}: `make demo` puts it there")
    return folder
