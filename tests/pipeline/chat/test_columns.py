"""Column names lead to the adapters of runs and checkpoints, and several servers answer as one."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.chat import columns
from pipeline.chat.columns import Adapter, DifferentBases, NoAdapterYet
from pipeline.chat.errors import ExternalFailed
from pipeline.chat.external import External
from pipeline.chat.protocol import Message, Piece, Text
from pipeline.chat.together import ask_all
from pipeline.errors import BadInput
from pipeline.train import jobs
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.pipeline.chat.fakes import question, serving


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Run, ...]:
    run_seed.model(tmp_path)
    for run_id in (1, 2):
        run_seed.run(tmp_path, run_id)
    return jobs.listed(Workspace.at(tmp_path))


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("7", Adapter(7)),
        ("7@40", Adapter(7, 40)),
        ("base", None),
        ("external:vllm", None),
        ("7@", None),
        ("@40", None),
        ("7@x", None),
    ],
)
def test_a_column_names_a_run_or_a_checkpoint_or_neither(column: str, names: Adapter | None):
    assert columns.adapter(column) == names
    assert names is None or names.column == column


def test_runs_of_one_base_are_served_together(runs: tuple[Run, ...]):
    config = columns.server_config(("base", "1", "2", "external:x"), runs)
    assert config is not None
    assert config.adapters == {str(run.id): run.adapter for run in runs}
    assert str(config.model) == runs[0].config.model
    assert columns.server_config(("external:x", "external:y"), runs) is None


def test_what_cannot_be_served_is_said(runs: tuple[Run, ...]):
    one, other = runs
    elsewhere = replace(other, config=replace(other.config, model="/models/other"))
    with pytest.raises(DifferentBases):
        columns.server_config(("1", "2"), (one, elsewhere))
    with pytest.raises(BadInput, match="no model '9'"):
        columns.server_config(("base", "9"), runs)
    with pytest.raises(BadInput, match="no checkpoint of step 40"):
        columns.server_config(("base", "1@40"), runs)
    with pytest.raises(BadInput, match="Choose a run beside the base"):
        columns.server_config(("base", "external:x"), runs)
    run_folder = next(run for run in runs if run.id == 1).folder
    (run_folder / "adapter" / "graft.json").unlink(missing_ok=True)
    (run_folder / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(NoAdapterYet):
        columns.server_config(("base", "1"), runs)


def test_columns_of_several_servers_are_heard_together():
    with serving() as ours, serving() as theirs:
        server = External("theirs", f"{theirs.url}/v1", "7", key=theirs.token)
        asked = question("hi", ("base", "external:theirs"))
        texts: dict[str, str] = {}
        for piece in ask_all(ours, asked, {"external:theirs": server}):
            if isinstance(piece, Text):
                texts[piece.model] = texts.get(piece.model, "") + piece.text
    assert texts == {"base": "base: hi", "external:theirs": "7: hi"}


def test_a_column_that_fails_lets_the_others_finish_and_is_told_then():
    with serving() as ours:
        gone = External("gone", "http://127.0.0.1:1/v1", "m")
        asked = question("hi", ("base", "external:gone"))
        heard: list[Piece] = []
        with pytest.raises(ExternalFailed, match="gone"):
            heard.extend(ask_all(ours, asked, {"external:gone": gone}))
    assert [piece.text for piece in heard if isinstance(piece, Text)] == ["base: ", "hi"]


def test_each_model_goes_on_with_its_own_conversation():
    own: dict[str, tuple[Message, ...]] = {
        "7": (Message("user", "hi"), Message("assistant", "I am 7"), Message("user", "and now?"))
    }
    asked = replace(question("and now?"), conversations=own)
    assert asked.messages_of("7")[1].content == "I am 7"
    assert asked.messages_of("base") == (Message("user", "and now?"),)
