"""Questions are the planned rows of files that are still what they were."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.evaluate import questions
from pipeline.evaluate.config import EvaluationConfig
from pipeline.evaluate.questions import DataChanged, Question
from tests.pipeline.evaluate.plans import data_file, plan

ROWS: list[dict[str, object]] = [
    {
        "instruction": "Answer about the harbour.",
        "input": "How deep?",
        "output": "9 m",
        "facts": ["9"],
    },
    {"instruction": "Hi", "input": "", "output": "Hello"},
    {
        "instruction": "再见",
        "input": "",
        "output": "再见！",
        "system": "Be brief.",
        "history": [["你好", "您好"]],
    },
]


def planned(folder: Path, *places: int) -> EvaluationConfig:
    content = json.dumps(ROWS, ensure_ascii=False).encode()
    (folder / "a.json").write_bytes(content)
    file = replace(
        data_file("a.json"),
        rows=places,
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
    )
    return replace(plan(file), export=str(folder))


def test_instruction_and_input_are_joined_and_only_planned_rows_are_asked(tmp_path: Path):
    assert questions.read(planned(tmp_path, 0, 1)) == (
        Question("a.json", 0, "Answer about the harbour.\nHow deep?", "9 m", ("9",), None, ()),
        Question("a.json", 1, "Hi", "Hello", (), None, ()),
    )


def test_a_record_holds_system_history_and_question(tmp_path: Path):
    (asked,) = questions.read(planned(tmp_path, 2))
    assert asked.record == {
        "instruction": "再见",
        "output": "再见！",
        "history": [["你好", "您好"]],
        "system": "Be brief.",
    }


def test_one_changed_byte_is_refused(tmp_path: Path):
    config = planned(tmp_path, 0)
    path = tmp_path / "a.json"
    path.write_bytes(path.read_bytes().replace(b"9 m", b"8 m"))
    with pytest.raises(DataChanged, match=r"a\.json cannot be asked: its SHA-1 is"):
        questions.read(config)


def test_a_missing_file_is_refused(tmp_path: Path):
    config = planned(tmp_path, 0)
    (tmp_path / "a.json").unlink()
    with pytest.raises(DataChanged, match="cannot be read"):
        questions.read(config)


def test_a_row_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(DataChanged, match="not an array of rows"):
        questions.read(planned(tmp_path, 7))
