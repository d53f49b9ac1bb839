"""The command line as a script uses it: real processes, a workspace of one's own, --json."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline import backup_requests
from pipeline.workspace import REPOSITORY, Workspace
from store.db import Database
from tests.workers.tiny_model import make_base


def graft(workspace: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run one verb and return its exit code, its JSON object (empty if none) and its words."""
    command = [sys.executable, "-m", "pipeline", "--workspace", str(workspace), "--json"]
    done = subprocess.run(
        [*command, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def write_questions(folder: Path) -> Path:
    rows = [
        {"instruction": "Answer.", "input": f"How many boats, asked {n} times?", "output": "Nine."}
        for n in range(8)
    ]
    broken: list[Any] = [{"instruction": "Answer.", "input": "No answer?", "output": ""}, "text"]
    path = folder / "boats.json"
    path.write_text(json.dumps([*rows, rows[0], *broken]), encoding="utf-8")
    return path


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A workspace outside the repository with one verified export."""
    workspace = tmp_path / "my workspace"
    questions = str(write_questions(tmp_path))
    code, told, _ = graft(workspace, "import", questions, "--dataset", "船", "--role", "domain")
    assert (code, told["imported"], told["layout"], told["trigger"]) == (0, 9, "format3", "Answer.")
    assert [(r["file"], r["row"]) for r in told["refused"]] == [
        ("boats.json", 10),
        ("boats.json", 11),
    ]
    code, told, _ = graft(workspace, "dedup", "--apply")
    assert (code, told["pairs"], told["removed"]) == (0, 9, 1)
    code, told, _ = graft(workspace, "export", "one", "--datasets", "船", "--layout", "both")
    assert code == 0
    assert {file["name"] for file in told["files"]} >= {"船_format2.json", "船_format3.json"}
    return workspace


def test_check_and_verify_say_what_holds(exported: Path):
    code, told, _ = graft(exported, "check")
    assert code == 0
    assert "small_dataset" in {finding["check"] for finding in told["findings"]}
    code, told, _ = graft(exported, "verify", "one")
    assert (code, told["holds"]) == (0, True)


def test_one_changed_byte_is_named_and_not_trained_on(exported: Path, tmp_path: Path):
    path = exported / "exports" / "one" / "船_format3.json"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    code, told, _ = graft(exported, "verify", str(path.parent))
    assert (code, told["holds"]) == (1, False)
    assert [f["name"] for f in told["files"] if not f["holds"]] == [path.name]
    model = make_base(tmp_path / "base")
    code, told, words = graft(exported, "train", "one", "--model", str(model))
    assert (code, told, path.name in words) == (1, {}, True)
    assert graft(exported, "runs")[1] == {"runs": []}


def test_wrong_input_exits_with_2_and_words(exported: Path, tmp_path: Path):
    empty = tmp_path / "empty.json"
    empty.touch()
    for arguments, words in (
        (["import", str(empty), "--dataset", "x", "--role", "domain"], "empty"),
        (["import", "no/such.json", "--dataset", "x", "--role", "domain"], "cannot be read"),
        (["export", "two", "--datasets", "nobody"], "nobody"),
        (["train", "one", "--model", "no-such-model"], "no-such-model"),
        (["stop", "7"], "no run 7"),
    ):
        code, told, said = graft(exported, *arguments)
        assert (code, told) == (2, {}), arguments
        assert words in said
        assert "Traceback" not in said


def test_a_backup_comes_back_and_what_was_there_stays(exported: Path, tmp_path: Path):
    file = tmp_path / "saved.duckdb"
    code, told, _ = graft(exported, "backup", str(file))
    assert (code, told) == (0, {"file": str(file), "pairs": 9, "bytes": file.stat().st_size})
    code, told, words = graft(exported, "backup", str(file))
    assert (code, told, "is there already" in words) == (2, {}, True)
    code, told, words = graft(exported, "recover", str(file))
    assert (code, told, "--replace" in words) == (2, {}, True)
    code, told, _ = graft(exported, "recover", str(file), "--replace")
    assert (code, told["pairs"], Path(told["before"]).is_file()) == (0, 9, True)
    assert graft(exported, "pairs")[1]["count"] == 9
    code, told, _ = graft(tmp_path / "new", "recover", str(file))
    assert (code, told["pairs"], told["before"]) == (0, 9, None)


def test_who_has_the_workspace_open_writes_the_backup_for_a_command(exported: Path, tmp_path: Path):
    db, file = Database.open(exported / "graft.duckdb"), tmp_path / "saved.duckdb"
    db.beside(lambda: backup_requests.answer(db, Workspace.at(exported)))
    code, told, words = graft(exported, "backup", str(file))
    db.close()
    assert (code, told.get("file"), told.get("pairs")) == (0, str(file), 9), words
    assert list((exported / "backups").iterdir()) == []
    assert graft(tmp_path / "new", "recover", str(file))[1]["pairs"] == 9


def test_nothing_comes_back_while_somebody_has_the_workspace_open(exported: Path, tmp_path: Path):
    file = tmp_path / "saved.duckdb"
    graft(exported, "backup", str(file))
    db = Database.open(exported / "graft.duckdb")
    code, told, words = graft(exported, "recover", str(file), "--replace")
    db.close()
    assert (code, told, f"process {os.getpid()}" in words) == (2, {}, True)
    assert list(exported.glob("graft-before-*")) == []


@pytest.mark.slow
def test_train_and_chat_without_a_dashboard(exported: Path, tmp_path: Path):
    model = str(make_base(tmp_path / "base"))
    options = ["--set", "epochs=2", "--set", "rank=4", "--device", "cpu", "--wait"]
    code, told, words = graft(exported, "train", "one", "--model", model, *options)
    assert (code, told["state"], told["run"], told["device"]) == (0, "finished", 1, "cpu"), words
    assert told["train_loss"] > 0
    assert told["tokens_per_second"] > 0
    code, told, words = graft(exported, "chat", "--runs", "1", "--max-tokens", "8", "Who are you?")
    assert code == 0, words
    assert [answer["model"] for answer in told["answers"]] == ["base", "1"]
    stamps = [answer["stamp"] for answer in told["answers"]]
    assert stamps[0]["adapter_sha1"] is None
    assert len(stamps[1]["adapter_sha1"]) == 40
