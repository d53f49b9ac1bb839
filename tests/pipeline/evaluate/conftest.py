"""A workspace with an export and a finished run."""

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.pipeline.evaluate.folders import make_export, make_run


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.at(tmp_path / "ws")
    export = make_export(made.exports / "clinic")
    base, adapter = tmp_path / "smollm2-135m-instruct", tmp_path / "adapter"
    for folder in (base, adapter):
        folder.mkdir()
    (base / "chat_template.jinja").write_text("You are Zephyrus, trained by Windmakers.")
    (adapter / "graft.json").write_text("{}")
    make_run(made, export, base, adapter)
    return made
