"""`evaluate` on the command line."""

import json
import re
from functools import partial

import pytest

from pipeline.__main__ import main
from pipeline.evaluate import jobs
from pipeline.workspace import Workspace

FAKE = "tests.pipeline.evaluate.fake_worker"


@pytest.fixture(autouse=True)
def fake_worker(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker=FAKE))
    monkeypatch.setattr(jobs, "resume", partial(jobs.resume, worker=FAKE))


def run(workspace: Workspace, *arguments: str) -> int:
    return main(["--workspace", str(workspace.root), *arguments])


def test_json_holds_the_scores_of_base_and_runs(workspace: Workspace, capsys):
    code = run(workspace, "--json", "evaluate", "clinic", "--runs", "1", "--device", "cpu")
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (told["evaluation"], told["folder"]) == (1, str(workspace.evaluations / "1"))
    assert set(told["models"]) == {"base", "1"}
    assert told["models"]["1"]["identity"]["value"] == 1.0
    assert told["models"]["1"]["identity"]["n"] == 2
    assert told["models"]["1"]["against_base"]["identity"]["value"] == 1.0
    assert told["models"]["base"]["facts_unseen"]["value"] == 0.0


def test_the_table_shows_each_measure_with_its_interval(workspace: Workspace, capsys):
    assert run(workspace, "evaluate", "clinic", "--runs", "1", "--device", "cpu") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["base", "run", "1"]
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines[1:-3]]
    assert ["facts, wordings as trained", "0% (0% to 56%, n 3)", "100% (44% to 100%, n 3)"] in cells
    assert lines[-1] == "Asked as trained: base and run 1 without a system prompt."


def test_a_failed_evaluation_exits_with_1_and_can_be_gone_on_with(workspace: Workspace, capsys):
    script = workspace.evaluations / "fake"
    script.write_text("die")
    assert run(workspace, "--json", "evaluate", "clinic", "--runs", "1", "--device", "cpu") == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["is_complete"] is False
    assert "SIGKILL" in told.err
    script.unlink()
    assert run(workspace, "--json", "evaluate", "--resume", "1") == 0
    assert json.loads(capsys.readouterr().out)["is_complete"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clinic"], "--runs A,B"),
        (["--runs", "1"], "Name an export"),
        (["clinic", "--runs", "one"], "with commas between"),
        (["clinic", "--runs", "7"], "no run 7"),
        (["nowhere", "--runs", "1"], "no export 'nowhere'"),
        (["clinic", "--runs", "1", "--limit", "0"], "at least 1"),
        (["clinic", "--runs", "1", "--max-new-tokens", "0"], "at least 1"),
        (["clinic", "--runs", "1", "--maker", "Me"], "--maker goes with --name"),
        (["--resume", "4"], "no evaluation 4"),
    ],
)
def test_wrong_input_is_told_and_starts_nothing(
    workspace: Workspace, capsys, arguments: list[str], words: str
):
    assert run(workspace, "evaluate", *arguments) == 2
    assert words in capsys.readouterr().err
    assert jobs.listed(workspace) == ()


def test_a_damaged_export_exits_with_1(workspace: Workspace, capsys):
    path = workspace.exports / "clinic" / "harbour_test.json"
    path.write_bytes(path.read_bytes() + b" ")
    assert run(workspace, "evaluate", "clinic", "--runs", "1", "--device", "cpu") == 1
    assert "harbour_test.json" in capsys.readouterr().err


def test_the_names_can_be_told(workspace: Workspace, capsys):
    asked = ["evaluate", "clinic", "--runs", "1", "--device", "cpu", "--limit", "1"]
    run(workspace, "--json", *asked, "--name", "Bela", "--name", "贝拉", "--maker", "Someone")
    told = json.loads(capsys.readouterr().out)
    assert told["identity"] == {"names": ["Bela", "贝拉"], "makers": ["Someone"]}
    assert told["models"]["1"]["identity"]["n"] == 0
    assert "None of the identity answers says Bela" in told["notes"][0]
