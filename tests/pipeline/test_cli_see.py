"""The verb see: rows and pairs as a model sees them, in words and as an object."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import main
from pipeline.models.example import IGNORED
from store import datasets, pairs
from store.db import Database
from tests.builders import new_pair
from tests.pipeline.evaluate.folders import make_export
from tests.template_models import make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make("qwen2.5", tmp_path / "models" / "qwen")
    make_export(tmp_path / "exports" / "harbour-1")
    return tmp_path


def see(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    code = main(["--workspace", str(root), "see", *words, "--model", "qwen"])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_row_is_told_in_words_with_its_end_and_what_is_hidden(root: Path, capsys):
    code, said, _ = see(root, capsys, "harbour-1", "--row", "2", "--system-prompt", "model")
    assert code == 0
    assert "identity_format2.json row 2" in said
    assert "  | You are Qwen, created by Alibaba Cloud." in said
    assert "  | 我是Aria，由Northwind开发的。<|im_end|>" in said
    assert "CONTRADICTS the identity pairs: it names Alibaba Cloud, Qwen" in said
    assert "Of 6 training rows 0 answers are cut at 2048 tokens" in said


def test_the_object_holds_ids_labels_and_the_count_of_cut_answers(root: Path, capsys):
    words = ("harbour-1", "--file", "harbour_format3.json", "--cutoff", "34", "--json")
    code, said, _ = see(root, capsys, *words)
    told = json.loads(said)
    assert code == 0
    assert len(told["ids"]) == len(told["labels"]) == min(34, told["cutoff"]["length"])
    start = told["answer_start"]
    assert told["labels"] == [IGNORED] * start + told["ids"][start:]
    assert told["end"]["text"] == "<|im_end|>"
    assert told["end"]["id"] in told["end"]["stops_at"]
    assert "".join(t["text"] for t in told["tokens"][:2]) == "<|im_start|>user"
    assert told["export"]["rows"] == 6
    assert told["export"]["cut"] + told["export"]["left_out"] > 0


def test_a_pair_is_shown_with_its_trigger_or_without(root: Path, capsys):
    db = Database.open(root / "graft.duckdb")
    harbour = datasets.create(db, "harbour", "domain", trigger="Answer about the harbour.")
    pairs.insert_many(db, harbour.id, [new_pair("How long?", "370 m")], summary="")
    db.close()
    assert "  | Answer about the harbour.\n  | How long?<|im_end|>" in see(root, capsys, "1")[1]
    plain = see(root, capsys, "1", "--layout", "format2", "--tokens")[1]
    assert "harbour." not in plain
    assert "'<|im_end|>'" in plain


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere",), "no export 'nowhere'"),
        (("harbour-1", "--row", "9"), "no row 9"),
        (("harbour-1", "--file", "x.json"), "no file 'x.json'"),
        (("12",), "no pair 12"),
    ],
)
def test_what_is_not_there_is_told_in_words(root: Path, capsys, words, told: str):
    code, _, said = see(root, capsys, *words)
    assert code == 2
    assert told in said
