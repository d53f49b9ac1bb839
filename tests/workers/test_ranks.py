"""Several processes train one run as one process would, and fail together, in words."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.train import config, state
from pipeline.workers import several, train
from pipeline.workers.events import Events
from pipeline.workers.ranks import Ranks
from pipeline.workspace import REPOSITORY
from tests.workers.test_train import after, losses
from tests.workers.training import ROWS, events_of, make_run, never

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m")


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Path, Path]:
    """A whole run of one process, and its like, stopped after two steps: two shall go on."""
    whole, stopped = make_run(tmp_path), make_run(tmp_path)
    train.train(whole, Events(whole), never)
    train.train(stopped, Events(stopped), after(2))
    config.write(stopped, replace(config.read(stopped), processes=2))
    return whole, stopped


@pytest.mark.parametrize("launcher", ["several", "torchrun"])
def test_two_processes_go_on_where_one_stopped_and_learn_the_same(
    stopped: tuple[Path, Path], launcher: str
):
    whole, run = stopped
    if launcher == "several":
        assert several.main(run) == 0
    else:
        done = subprocess.run(
            [sys.executable, *TORCHRUN, "pipeline.workers.train", str(run)],
            cwd=REPOSITORY, env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    assert len(events_of(run, "step")) == len(events_of(whole, "step")) == 6
    assert list(losses(run).values()) == pytest.approx(list(losses(whole).values()), rel=1e-4)
    told = [[event["loss"] for event in events_of(each, "validation")] for each in (run, whole)]
    assert told[0] == pytest.approx(told[1], rel=1e-4)
    ended = state.read(run)
    assert (ended.progress.ended, ended.result is not None, ended.adapter is not None) == (
        "finished", True, True,
    )  # fmt: skip
    assert ended.progress.step == 6


def test_each_of_two_processes_goes_on_with_its_own_chance(tmp_path: Path):
    # Of seven rows one process has four, so that it draws more than the other one.
    whole, again = (make_run(tmp_path, rows=ROWS[:7], dropout=0.3, epochs=2) for _ in range(2))
    for run in (whole, again):
        config.write(run, replace(config.read(run), processes=2))
    assert several.main(whole) == 0
    shutil.copytree(whole / "checkpoints" / "step-2", again / "checkpoints" / "step-2")
    assert several.main(again) == 0
    assert losses(again) == {step: loss for step, loss in losses(whole).items() if step > 2}


def test_a_process_that_dies_ends_the_run_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = make_run(tmp_path)
    config.write(run, replace(config.read(run), processes=2))
    monkeypatch.setattr(several, "_PARTING_S", 0.3)
    assert several.main(run, worker="tests.workers.dying_rank") == 1
    (event,) = events_of(run, "error")
    assert event["error"] == "process"
    assert str(event["message"]).startswith("Process 2 of 2 was killed by SIGKILL")


def test_what_one_process_says_of_its_failure_is_not_said_again(tmp_path: Path):
    run = make_run(tmp_path)
    config.write(run, replace(config.read(run), processes=2))
    (tmp_path / "export" / "facts_format2.json").write_text("[]")
    assert several.main(run) == 1
    assert {json.dumps(event["error"]) for event in events_of(run, "error")} == {'"data"'}


@given(lengths=st.lists(st.integers(1, 99), min_size=1, max_size=40), count=st.integers(1, 5))
def test_every_row_of_a_step_is_one_process_s(lengths: list[int], count: int):
    rows = list(range(len(lengths)))
    shares = [Ranks(number, count).share(rows, lengths) for number in range(count)]
    assert sorted(row for share in shares for row in share) == rows
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
