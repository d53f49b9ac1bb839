"""The verb dedup: says what it found and why, removes what was asked, finds leaks of a test."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from store import datasets, history, pairs
from store.db import Database
from store.types import PairFilter
from tests.builders import new_pair, towers

ROWS = (
    ("Take 5 mg twice a day?", "Yes."),
    ("take 5 mg twice a day", "Yes, with a glass of water."),
    ("Take 5 mg, twice a day?", "Yes."),
    ("Take 50 mg twice a day?", "No."),
    ("发烧的病人能喝酒吗？", "不能。"),
    ("发烧的病人能喝酒吗", "不能。"),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    with opened(tmp_path) as db:
        dataset = datasets.create(db, "doses", "domain")
        rows = [
            new_pair(q, a, source_file="doses.json", source_row=n)
            for n, (q, a) in enumerate(ROWS, start=1)
        ]
        pairs.insert_many(db, dataset.id, rows, summary="test")
    return tmp_path


class opened:
    """The workspace's database for a moment: the verbs open it themselves."""

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / "graft.duckdb"

    def __enter__(self) -> Database:
        self.db = Database.open(self.path)
        return self.db

    def __exit__(self, *_: object) -> None:
        self.db.close()


def told(workspace: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Run the verb; return its exit code and its JSON."""
    code = main(["--workspace", str(workspace), "--json", "dedup", *arguments])
    return code, json.loads(capsys.readouterr().out or "null")


def test_each_cluster_says_its_reason_score_keeper_and_sources(workspace, capsys):
    code, found = told(workspace, capsys)
    assert (code, found["pairs"], found["removed"], found["removable"]) == (0, 6, 0, 2)
    duplicates = [c for c in found["clusters"] if c["relation"] == "duplicate"]
    assert [(c["reason"], c["score"], c["keeper"]) for c in duplicates] == [
        ("same", 1.0, 1),
        ("same", 1.0, 5),
    ]
    assert duplicates[0]["pairs"] == [
        {
            "id": pair_id,
            "file": "doses.json",
            "row": pair_id,
            "linked_to": other,
            "reason": "same",
            "score": 1.0,
            "answer_score": 1.0,
        }
        for pair_id, other in ((1, 3), (3, 1))
    ]
    relations = {c["relation"]: c["reason"] for c in found["clusters"]}
    assert relations == {"duplicate": "same", "conflict": "answer", "lookalike": "number"}


def test_apply_says_of_which_pair_each_removed_one_is_a_copy(workspace, capsys):
    _, found = told(workspace, capsys, "--apply")
    assert [(r["id"], r["duplicate_of"], r["reason"]) for r in found["removals"]] == [
        (3, 1, "same"),
        (6, 5, "same"),
    ]
    assert found["removed"] == 2
    _, again = told(workspace, capsys, "--apply")
    assert (again["removed"], again["removals"], again["action"]) == (0, [], None)
    with opened(workspace) as db:
        history.undo(db, found["action"])
        assert {p.status for p in pairs.each(db, matching=PairFilter())} == {"unreviewed"}


def test_the_keeper_rule_is_asked_for_and_remembered_by_no_one(workspace, capsys):
    with opened(workspace) as db:
        dataset = datasets.by_name(db, "doses")
        longer = new_pair("Take 5 mg twice a day!", "Yes...")
        pairs.insert_many(db, dataset.id, [longer], summary="test")
    _, found = told(workspace, capsys, "--keep", "longest", "--apply")
    assert [(r["id"], r["duplicate_of"]) for r in found["removals"]][:2] == [(1, 7), (3, 7)]


@pytest.mark.parametrize(
    "arguments", [("--threshold", "0"), ("--threshold", "1.5"), ("--edited",)], ids=" ".join
)
def test_what_makes_no_sense_is_refused(workspace, capsys, arguments):
    assert told(workspace, capsys, *arguments) == (2, None)


def test_other_wordings_that_the_recipe_trains_are_no_leak_unless_the_fact_is_unseen(
    workspace, capsys
):
    with opened(workspace) as db:
        harbour = datasets.create(db, "harbour", "domain")
        pairs.insert_many(db, harbour.id, towers(12), summary="test")
    assert told(workspace, capsys)[0] == 0
    for name, paraphrases in (("some", "tested"), ("none", "together")):
        made = ["export", name, "--datasets", "harbour", "--paraphrases", paraphrases]
        assert main(["--workspace", str(workspace), *made]) == 0
    capsys.readouterr()
    written = json.loads((workspace / "exports/some/manifest.json").read_text(encoding="utf-8"))
    held = {file["about"]: file["rows"] for file in written["files"] if file["split"] == "test"}
    assert held == {"wordings": 11, "facts": 4}
    assert told(workspace, capsys, "--against", "some")[1]["pairs"] == []
    of_before = written | {"recipe": {**written["recipe"]}}
    del of_before["recipe"]["paraphrases"]
    file = workspace / "exports/some/manifest.json"
    file.write_text(json.dumps(of_before), encoding="utf-8")
    assert told(workspace, capsys, "--against", "some")[1]["leaks"] > 0
    file.write_text(json.dumps(written), encoding="utf-8")
    with opened(workspace) as db:
        unseen = written["files"][-1]
        row = json.loads((workspace / "exports/some" / unseen["name"]).read_text("utf-8"))[0]
        again = new_pair(f"Please say: {row['instruction']}", row["output"])
        pairs.insert_many(db, harbour.id, [again], summary="test")
    _, found = told(workspace, capsys, "--against", "some")
    assert {leak["file"] for leak in found["pairs"]} == {unseen["name"]}


def test_a_copy_of_a_test_row_is_a_leak_until_it_is_rejected(workspace, capsys):
    rows = [(f"What is the {n} rule of the harbour?", f"Rule {n}.") for n in ("first", "second")]
    with opened(workspace) as db:
        harbour = datasets.create(db, "harbour", "general")
        many = [new_pair(f"{q} ({n})", f"{a} {n}") for n in range(20) for q, a in rows]
        pairs.insert_many(db, harbour.id, many, summary="test")
    export = ["--workspace", str(workspace), "export", "one", "--datasets", "harbour"]
    assert main(export) == 0
    (test,) = (workspace / "exports" / "one").glob("harbour_test*.json")
    held = json.loads(test.read_text(encoding="utf-8"))
    capsys.readouterr()
    assert told(workspace, capsys, "--against", "one")[0] == 0
    with opened(workspace) as db:
        later = datasets.create(db, "later", "general")
        copy = new_pair(held[0]["instruction"].upper(), held[0]["output"])
        pairs.insert_many(db, later.id, [copy, new_pair("Unlike?", "Yes.")], summary="test")
    code, found = told(workspace, capsys, "--against", "one")
    assert (code, found["leaks"], found["rejected"]) == (1, 1, 0)
    (leak,) = found["pairs"]
    assert (leak["file"], leak["row"], leak["relation"]) == (test.name, 1, "duplicate")
    code, found = told(workspace, capsys, "--against", "one", "--apply")
    assert (code, found["rejected"]) == (0, 1)
    assert told(workspace, capsys, "--against", "one")[0] == 0
