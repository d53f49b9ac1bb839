"""A workspace whose servers end with the test, and runs to ask in it."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import processes
from pipeline.chat import server
from pipeline.chat.config import ServerConfig
from pipeline.models.template import SystemPrompt
from pipeline.train import config as train_config
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.workspace import Workspace
from tests.pipeline.chat.fakes import wait_until


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.at(tmp_path / "ws")
    yield made
    for each in server.list_servers(made):
        if each.is_live:
            launch = processes.read_launch(each.folder)
            assert launch is not None
            processes.send_signal(launch, signal.SIGKILL)
            wait_until(lambda folder=each.folder: (folder / "exit.json").exists())  # type: ignore[misc]


def adapter(workspace: Workspace, name: str) -> Path:
    """Make the folder of an adapter that a fake server can hold."""
    folder = workspace.runs / name / "adapter"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(name.encode())
    (folder / "graft.json").write_text("{}")
    return folder


@pytest.fixture
def config(workspace: Workspace) -> ServerConfig:
    return ServerConfig(workspace.models / "tiny", {"7": adapter(workspace, "7")}, device="cpu")


@pytest.fixture
def make_run(workspace: Workspace) -> Callable[..., int]:
    """Write the folder of a run; with its adapter unless told not to."""

    def make(run_id: int, model: str = "tiny", *, has_adapter: bool = True) -> int:
        base = workspace.models / model
        base.mkdir(exist_ok=True)
        (base / "config.json").write_text("{}")
        if has_adapter:
            adapter(workspace, str(run_id))
        folder = workspace.runs / str(run_id)
        folder.mkdir(exist_ok=True)
        data = DataFile("clinic_format3.json", "clinic", "domain", "ab" * 20, 3)
        written = TrainConfig(
            title="test",
            model=str(base),
            export=str(workspace.exports / "clinic"),
            layout="format3",
            data=(data,),
            validation=(),
            system_prompt=SystemPrompt("none"),
            device="cpu",
            preset="strong",
            settings=Settings(),
            triggers=(("clinic", "Answer about the clinic."),),
        )
        train_config.write(folder, written)
        return run_id

    return make
