"""The verbs pairs and undo: what a script reads, and what it changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from store import datasets, pairs
from store.db import Database
from store.types import PairEdit
from tests.builders import new_pair


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with seven pairs in two datasets."""
    db = Database.open(tmp_path / "graft.duckdb")
    clinic, other = (datasets.create(db, name, "domain") for name in ("clinic", "other"))
    rows = [new_pair(f"肝癌问题 {n}", "a" * n, source_file="a.json") for n in range(1, 6)]
    pairs.insert_many(db, clinic.id, rows, summary="a.json")
    rows = [new_pair("Liver, what is it?", "An organ."), new_pair("Lung?", "Another.")]
    pairs.insert_many(db, other.id, rows, summary="b.json")
    pairs.edit(db, 1, PairEdit(tags=("dose",)), expected_version=1)
    db.close()
    return tmp_path


@pytest.fixture
def graft(home: Path, capsys: pytest.CaptureFixture[str]):
    """Run a verb in this process: its exit code and what it told."""

    def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
        code = main(["--workspace", str(home), "--json", *arguments])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else {}, told.err

    return run


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7]),
        (["--dataset", "clinic", "--answer-length", "3-4"], [3, 4]),
        (["--text", "liver", "--order", "newest"], [6]),
        (["--text", "肝癌", "--order", "answer-length-down"], [5, 4, 3, 2, 1]),
        (["--tag", "dose,other", "--status", "unreviewed"], [1]),
        (["--file", "a.json", "--no-edited", "--no-note", "--limit", "2"], [1, 2]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_a_filter_lists_its_pairs(graft, options: list[str], ids: list[int]):
    code, told, _ = graft("pairs", *options)
    assert (code, [row["id"] for row in told["pairs"]]) == (0, ids)
    assert told["count"] == (5 if "--limit" in options else len(ids))


def test_a_row_tells_what_the_pair_is(graft):
    _, told, words = graft("pairs", "--tag", "dose")
    (row,) = told["pairs"]
    expected = {"dataset": "clinic", "question": "肝癌问题 1", "tags": ["dose"], "file": "a.json"}
    assert row | expected == row
    assert "1  clinic  unreviewed #dose  肝癌问题 1" in words


def test_all_pairs_of_a_filter_are_changed_and_put_back(graft):
    code, told, _ = graft("pairs", "--text", "肝癌", "--set-status", "rejected")
    assert (code, told["count"], told["changed"]) == (0, 5, 5)
    assert graft("pairs", "--status", "rejected", "--limit", "0")[1] == {"count": 5, "pairs": []}
    code, back, _ = graft("undo")
    assert (code, back["undone"], back["pairs"]) == (0, told["action"], 5)
    assert graft("pairs", "--status", "rejected")[1]["count"] == 0


def test_tags_and_moves_reach_every_pair(graft):
    assert graft("pairs", "--dataset", "clinic", "--add-tag", "dose")[1]["changed"] == 4
    assert graft("pairs", "--tag", "dose", "--move-to", "other")[1]["changed"] == 5
    assert graft("pairs", "--dataset", "other")[1]["count"] == 7
    assert graft("pairs", "--remove-tag", "dose")[1] | {"action": 0} == {
        "count": 7,
        "changed": 5,
        "action": 0,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pairs", "--status", "good"], "not good"),
        (["pairs", "--dataset", "nobody"], "nobody"),
        (["pairs", "--answer-length", "12"], "no range"),
        (["pairs", "--add-tag", "a,b"], "no tag"),
        (["pairs", "--limit", "-1"], "0 or more"),
        (["undo", "999"], "999"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_wrong_input_is_refused_in_words(graft, arguments: list[str], words: str):
    code, told, said = graft(*arguments)
    assert (code, told) == (2, {})
    assert words in said


def test_an_action_is_undone_once(graft):
    graft("pairs", "--set-status", "accepted")
    assert graft("undo")[0] == 0
    code, _, said = graft("undo", "4")
    assert code == 2
    assert "undone" in said
