"""Events: any cut of the file reads back, and what a person sees follows from them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_lines
from pipeline.train import events, presets
from pipeline.train.config import SettingOutOfRange, Settings

PLAN: dict[str, Any] = {
    "steps": 100,
    "epochs": 5,
    "rows": 8,
    "train_tokens": 90,
    "parameters": 7,
    "device": "cpu",
}


def line(kind: str, time: float = 0.0, **fields) -> str:
    return json.dumps({"time": time, "kind": kind, **fields}, ensure_ascii=False) + "\n"


WHOLE = (
    line("state", state="loading")
    + line("plan", **PLAN)
    + "".join(
        line("step", n, step=n, epoch=n / 20, loss=4 / n, lr=1e-3, tokens=n, tokens_per_second=9)
        for n in range(1, 8)
    )
    + line("validation", 8, step=7, loss=2.5, by_role={"domain": 3.0, "identity": 2.0})
    + line("sample", 8, step=7, prompt="你是谁？", text="**I** am Aria.")
    + line("warning", 8, message="两个回答被截断")
    + line("checkpoint", 9, step=7, folder="checkpoints/step-7")
    + line("end", 10, state="finished", step=7)
).encode()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_any_cut_of_the_file_reads_back(tmp_path: Path, cuts: list[int]):
    path = tmp_path / "events.jsonl"
    progress = events.Progress()
    for cut in [*sorted(cuts), len(WHOLE)]:
        path.write_bytes(WHOLE[:cut])
        progress = events.read(path, progress)
    assert progress == events.read(path)
    assert ([p.step for p in progress.losses], progress.ended) == ([*range(1, 8)], "finished")
    assert progress.by_role["domain"][0].value == 3.0
    assert progress.warnings == ("两个回答被截断",)
    assert progress.samples == (events.Sample(7, "你是谁？", "**I** am Aria."),)


def test_a_line_in_a_table_needs_only_the_newest_steps(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(WHOLE)
    whole, line_only = events.read(path), events.read(path, recent=2)
    assert list(line_only.steps.step) == [6, 7]
    assert replace(line_only, steps=whole.steps) == whole


def test_a_missing_file_is_an_empty_one(tmp_path: Path):
    assert read_lines(tmp_path / "events.jsonl") == ([], 0)


@pytest.mark.parametrize("damage", [bytes(8), b"\xff\xfe", b"[]"], ids=["NULs", "no text", "list"])
def test_a_damaged_line_is_told_by_its_number(tmp_path: Path, damage: bytes):
    path = tmp_path / "events.jsonl"
    path.write_bytes(WHOLE)
    progress = events.read(path)
    number = WHOLE.count(b"\n") + 2
    path.write_bytes(WHOLE + b"\n" + damage + b"\n" + line("end").encode())
    for since in (None, progress):
        with pytest.raises(DoesNotHold, match=rf"events\.jsonl is damaged: line {number} is"):
            events.read(path, since, recent=2)


def test_the_time_left_goes_by_the_recent_pace(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_text(line("plan", **PLAN) + line("step", 100.0, step=10, loss=1, lr=0))
    assert events.read(path).seconds_left is None
    with path.open("a") as file:
        file.write(line("step", 102.0, step=11, loss=1, lr=0))
    assert events.read(path).seconds_left == 89 * 2.0


def test_the_time_left_after_a_resume_does_not_count_the_pause(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    before = "".join(line("step", 2.0 * n, step=n, loss=1) for n in range(1, 21))
    after = "".join(line("step", 90_000 + 3.0 * n, step=n, loss=1) for n in range(21, 23))
    again = line("plan", **PLAN, resumed_step=20)
    path.write_text(line("plan", **PLAN) + before + again)
    assert events.read(path).seconds_left is None
    path.write_text(line("plan", **PLAN) + before + again + after)
    assert events.read(path).seconds_left == 78 * 3.0


def test_the_time_left_counts_the_validation_after_each_pass(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    times = [n + 20.0 * (n // 20) for n in range(1, 42)]
    steps = "".join(line("step", time, step=n, loss=1) for n, time in enumerate(times, start=1))
    path.write_text(line("plan", **PLAN) + steps)
    assert events.read(path).seconds_left == pytest.approx(59 * (19 + 20) / 19, rel=0.03)


def test_after_a_resume_only_what_was_kept_counts(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    steps = "".join(line("step", n, step=n, loss=n, lr=0) for n in range(1, 6))
    path.write_text(
        line("plan", **PLAN) + steps + line("error", error="data", message="gone")
        + line("state", state="loading") + line("plan", **PLAN, resumed_step=3)
    )  # fmt: skip
    progress = events.read(path)
    assert ([p.step for p in progress.losses], progress.step) == ([1, 2, 3], 3)
    assert progress.failure is None


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("learning_rate=1e-3", "learning_rate", 1e-3),
        ("epochs=7", "epochs", 7),
        ("gradient_checkpointing=true", "gradient_checkpointing", True),
        ("dtype=float32", "dtype", "float32"),
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_is_read_as_its_own_type(assignment: str, name: str, value: object):
    changed = presets.changed(Settings(), [assignment])
    assert getattr(changed, name) == value


@pytest.mark.parametrize(
    ("assignment", "words"),
    [("rank=0", "from 1 to"), ("rank=x", "should be"), ("epochs=1.5", "should be"),
     ("speed=9", "Names: rank"), ("rank", "name=value"), ("batch_tokens=100", "cutoff_tokens")],
    ids=str,
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_in_words(assignment: str, words: str):
    with pytest.raises(BadInput, match=words):
        presets.changed(Settings(), [assignment])


def test_a_range_names_its_value():
    with pytest.raises(SettingOutOfRange) as refused:
        Settings(dropout=1.0)
    assert (refused.value.setting, refused.value.value) == ("dropout", 1.0)
