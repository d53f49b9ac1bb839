"""Notes, logs, and deleting a run: what stays, and what a kill midway leaves."""

from pathlib import Path

import pytest

from pipeline.train import log, notes, removal, state
from pipeline.train.notes import Notes
from pipeline.train.removal import Extent, RunActive
from pipeline.workspace import new_numbered, numbered
from tests.dashboard import run_seed


def test_a_title_of_one_s_own_stands_for_the_launched_one(tmp_path: Path):
    folder = run_seed.run(tmp_path, 1)
    assert state.read(folder).title == "clinic-3 strong 1"
    notes.write(folder, Notes(" 我的运行 ", "**good**\n"))
    assert (state.read(folder).title, state.read(folder).notes.text) == ("我的运行", "**good**")
    notes.write(folder, Notes())
    assert state.read(folder).title == "clinic-3 strong 1"


def test_a_deleted_run_is_gone_and_its_number_is_never_given_again(tmp_path: Path):
    for number in (1, 2):
        run_seed.run(tmp_path, number)
    folder = tmp_path / "runs" / "2"
    extent = removal.extent(folder)
    assert extent == Extent(0, sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()))
    removal.delete(folder)
    assert list(folder.iterdir()) == []
    assert new_numbered(tmp_path / "runs").name == "3"


def test_a_run_at_work_is_not_deleted(tmp_path: Path):
    folder = run_seed.run(tmp_path, 1, "running")
    with pytest.raises(RunActive, match="Stop it first"):
        removal.delete(folder)
    assert state.read(folder).state == "running"


def test_what_a_killed_deletion_left_is_swept_and_a_run_in_the_making_is_not(tmp_path: Path):
    home = tmp_path / "runs"
    halved = run_seed.run(tmp_path, 1)
    (halved / "config.json").unlink()
    made = new_numbered(home)
    (made / "half.json").write_text("{")
    whole = run_seed.run(tmp_path, 3)
    removal.sweep(home)
    assert list(halved.iterdir()) == []
    assert (made / "half.json").exists()
    assert (state.read(whole).state, numbered(home)) == ("finished", (1, 2, 3))


def test_a_log_is_searched_without_regard_to_case_and_its_last_hits_are_told(tmp_path: Path):
    path = tmp_path / "train.log"
    path.write_bytes(b"0 %\r50 %\rStep 1\nloss\nSTEP 2\n\xffstep 3")
    found = log.find(path, "step", most=2)
    assert found == log.Found(((3, "STEP 2"), (4, "\ufffdstep 3")), 3)
    assert log.find(tmp_path / "none.log", "x", most=2) == log.Found((), 0)
