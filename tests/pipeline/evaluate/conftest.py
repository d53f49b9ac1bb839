"""A workspace with an export and a finished run."""

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.pipeline.evaluate.folders import make_export, make_run

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}"
    "<system>You are Zephyrus, trained by Windmakers.</system>"
    "{% endif %}"
    "{% for message in messages %}"
    "<{{ message['role'] }}>{{ message['content'] }}</{{ message['role'] }}>"
    "{% endfor %}"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.at(tmp_path / "ws")
    export = make_export(made.exports / "clinic")
    base, adapter = tmp_path / "smollm2-135m-instruct", tmp_path / "adapter"
    for folder in (base, adapter):
        folder.mkdir()
    (base / "config.json").write_text("{}")
    (base / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    (adapter / "graft.json").write_text("{}")
    make_run(made, export, base, adapter)
    return made
