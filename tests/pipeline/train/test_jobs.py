"""Runs as real processes: found, stopped, killed and resumed from their folders alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline import processes
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import MANIFEST
from pipeline.queue import changes
from pipeline.train import jobs, state
from pipeline.train.config import Settings
from pipeline.train.jobs import NotResumable
from pipeline.train.request import ExportDamaged, LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import REPOSITORY, Workspace
from store import datasets, pairs, runs
from store.db import Database
from tests.builders import new_pair
from tests.dashboard import run_seed

WORKER = "tests.dashboard.fake_trainer"
PATIENCE_S = 10.0

DASHBOARD = """
import sys
from pathlib import Path
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.workspace import Workspace
workspace = Workspace.at(Path(sys.argv[1]))
request = LaunchRequest(workspace.exports / "clinic-1", workspace.models / "tinylm-1m", Settings(),
                        "strong", device="cpu")
run = jobs.launch(workspace, request, worker=sys.argv[2])
print(run.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.at(tmp_path / "workspace")
    run_seed.model(made.root)
    database = Database.open(made.database)
    dataset = datasets.create(database, "clinic", "domain", trigger="Answer.")
    rows = [new_pair(f"Wording {n} of it?", "20 mg") for n in range(10)]
    pairs.insert_many(database, dataset.id, rows, summary="test")
    export(database, made, Recipe(name="clinic-1", datasets=("clinic",)))
    database.close()
    yield made
    for run in jobs.listed(made):
        changes.cancel(made, run.folder)
    for run in jobs.listed(made):
        recorded = processes.read_launch(run.folder)
        if recorded:
            processes.send_signal(recorded, signal.SIGKILL)
            until(partial(has_no_watcher, recorded))


def has_no_watcher(recorded: processes.Launch) -> bool:
    try:
        return bool(psutil.Process(recorded.watcher_pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def request(workspace: Workspace, **changes) -> LaunchRequest:
    asked = LaunchRequest(
        export=workspace.exports / "clinic-1",
        model=workspace.models / "tinylm-1m",
        settings=Settings(),
        preset="strong",
        device="cpu",
    )
    return replace(asked, **changes)


def launch(workspace: Workspace, **changes) -> Run:
    return jobs.launch(workspace, request(workspace, **changes), worker=WORKER)


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.05)


def reaches(workspace: Workspace, run_id: int, *states: str) -> Run:
    until(lambda: jobs.read(workspace, run_id).state in states)
    return jobs.read(workspace, run_id)


def steps(workspace: Workspace, run_id: int) -> int:
    return jobs.read(workspace, run_id).progress.step


def test_a_run_is_frozen_with_the_hashes_of_its_data(workspace: Workspace):
    run = launch(workspace)
    assert [(f.name, len(f.sha1)) for f in run.config.data] == [("clinic_format3.json", 40)]
    assert [f.name for f in run.config.validation] == ["clinic_test.json"]
    assert run.config.triggers == (("clinic", "Answer."),)
    assert (run.id, run.is_active) == (1, True)


def test_stop_saves_and_ends(workspace: Workspace):
    run = launch(workspace)
    until(lambda: steps(workspace, run.id) > 2)
    jobs.stop(workspace, run.id)
    stopped = reaches(workspace, run.id, "stopped", "failed")
    assert (stopped.state, stopped.adapter is not None) == ("stopped", True)
    with pytest.raises(DoesNotHold, match="does not run"):
        jobs.stop(workspace, run.id)


def test_a_killed_worker_is_shown_failed_with_its_signal(workspace: Workspace):
    run = launch(workspace)
    until(lambda: steps(workspace, run.id) > 2)
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    failed = reaches(workspace, run.id, "failed")
    assert failed.failure is not None
    assert (failed.failure.error, failed.failure.signal) == ("signal", "SIGKILL")
    assert "out of memory" in failed.failure.message
    assert failed.failure.log[-1].startswith("step ")
    assert failed.can_resume


def test_a_worker_that_cannot_start_says_its_exit_code_and_log(workspace: Workspace):
    run = jobs.launch(workspace, request(workspace), worker="no.such.module")
    failed = reaches(workspace, run.id, "failed")
    assert failed.failure is not None
    assert (failed.failure.error, failed.failure.exit_code) == ("exit", 1)
    assert "no.such" in failed.failure.log[-1]


def test_a_killed_dashboard_leaves_the_run_to_be_found_and_stopped(workspace: Workspace):
    dashboard = subprocess.Popen(
        [sys.executable, "-c", DASHBOARD, str(workspace.root), WORKER],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert dashboard.stdout is not None
    run_id = int(dashboard.stdout.readline())
    dashboard.kill()
    dashboard.communicate()
    before = steps(workspace, run_id)
    until(lambda: steps(workspace, run_id) > before + 2)
    assert jobs.read(workspace, run_id).state == "running"
    jobs.stop(workspace, run_id)
    assert reaches(workspace, run_id, "stopped", "failed").state == "stopped"


def test_a_worker_is_stopped_even_when_its_watcher_was_killed(workspace: Workspace):
    run = launch(workspace)
    until(lambda: steps(workspace, run.id) > 2)
    watched = processes.read_launch(run.folder)
    assert watched is not None
    os.kill(watched.watcher_pid, signal.SIGKILL)
    until(partial(has_no_watcher, watched))
    assert jobs.read(workspace, run.id).state == "running"
    jobs.stop(workspace, run.id)
    ended = reaches(workspace, run.id, "stopped", "failed")
    assert not processes.is_alive(watched)
    assert ended.failure is None or ended.failure.error == "lost"


def test_a_stopped_run_is_resumed_in_its_folder(workspace: Workspace):
    run = launch(workspace)
    until(lambda: steps(workspace, run.id) > 0)
    with pytest.raises(NotResumable):
        jobs.resume(workspace, run.id, worker=WORKER)
    jobs.stop(workspace, run.id)
    reaches(workspace, run.id, "stopped")
    (run.folder / "adapter" / "graft.json").unlink()
    (run.folder / "adapter").rmdir()
    again = jobs.resume(workspace, run.id, worker=WORKER)
    assert (again.id, again.is_active) == (run.id, True)
    assert reaches(workspace, run.id, "running").progress.plan is not None


def test_a_worker_is_not_started_twice_in_one_folder(workspace: Workspace):
    run = launch(workspace)
    with pytest.raises(processes.AlreadyRunning):
        processes.start(run.folder, processes.Worker(WORKER))
    assert processes.is_alive(processes.read_launch(run.folder))


def test_a_reused_pid_is_neither_the_run_nor_signalled(workspace: Workspace):
    run = launch(workspace)
    real = processes.read_launch(run.folder)
    assert real is not None
    stranger = replace(real, pid=os.getpid(), pgid=os.getpgid(0))
    assert not processes.is_alive(stranger)
    assert not processes.send_signal(stranger, signal.SIGTERM)
    assert not processes.is_alive(replace(real, boot_id="another boot"))
    assert not processes.send_signal(replace(real, pid=1, pgid=1), signal.SIGTERM)


def test_a_double_click_starts_one_run(workspace: Workspace):
    first = launch(workspace, token="form 1")
    second = launch(workspace, token="form 1")
    assert (first.id, second.id, len(jobs.listed(workspace))) == (1, 1, 1)


def test_a_run_waits_for_a_busy_device_unless_it_is_to_share_it(workspace: Workspace):
    launch(workspace)
    assert launch(workspace).state == "queued"
    assert launch(workspace, shares_device=True).pid


def test_a_damaged_export_is_refused_and_its_file_named(workspace: Workspace):
    path = workspace.exports / "clinic-1" / "clinic_format3.json"
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ExportDamaged, match=r"clinic_format3\.json \(differs\)"):
        launch(workspace)
    assert jobs.listed(workspace) == ()


def test_an_unknown_device_is_refused_with_those_there_are(workspace: Workspace):
    with pytest.raises(BadInput, match="cpu"):
        launch(workspace, device="cuda:77")


def test_runs_are_indexed_once(workspace: Workspace):
    launch(workspace, title="first")
    database = Database.open(workspace.database)
    assert [jobs.register(database, workspace) for _ in range(2)] == [1, 0]
    assert [record.title for record in runs.listed(database)] == ["first"]
    database.close()


def test_one_unreadable_run_does_not_hide_the_others(workspace: Workspace):
    launch(workspace)
    broken = workspace.runs / "2"
    broken.mkdir()
    (broken / "config.json").write_text('{"format": 1, "ti')
    assert [run.id for run in jobs.listed(workspace)] == [1]


def test_a_run_with_damaged_events_is_told_and_the_others_are_indexed(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    run_seed.run(workspace.root, 1)
    damaged = run_seed.run(workspace.root, 2)
    (damaged / "events.jsonl").write_bytes(bytes(9) + b"\n")
    database = Database.open(workspace.database)
    assert jobs.register(database, workspace) == 1
    assert [record.id for record in runs.listed(database)] == [1]
    database.close()
    assert "line 1 is no JSON object" in caplog.text
    with pytest.raises(DoesNotHold, match=r"runs/2/events\.jsonl is damaged"):
        jobs.read(workspace, 2)


def test_a_finished_run_without_a_whole_result_is_one_that_failed(workspace: Workspace):
    folder = run_seed.run(workspace.root, 1)
    assert jobs.read(workspace, 1).state == "finished"
    (folder / "result.json").write_bytes(b"")
    assert jobs.read(workspace, 1).state == "failed"


def test_a_log_tail_survives_progress_bars_and_bad_bytes(tmp_path: Path):
    (tmp_path / state.LOG_NAME).write_bytes(b"10%\r100% done\n\xff\xfe broken\n\nlast")
    assert processes.log_tail(tmp_path / state.LOG_NAME)[0] == "100% done"
    assert processes.log_tail(tmp_path / state.LOG_NAME)[-1] == "last"


def test_an_adapter_is_refused_as_a_base_and_nothing_starts(workspace: Workspace):
    folder = workspace.root / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/models/tiny"}')
    with pytest.raises(BadInput, match=r"is a LoRA adapter, trained on the base /models/tiny"):
        launch(workspace, model=folder)
    assert jobs.listed(workspace) == ()


def test_an_export_of_zero_rows_is_refused_and_nothing_starts(workspace: Workspace):
    folder = workspace.exports / "clinic-1"
    for path in folder.glob("*_format?.json"):
        path.unlink()
    value: dict[str, Any] = read_json(folder / MANIFEST)
    value["files"] = [each for each in value["files"] if each["split"] == "test"]
    write_json(folder / MANIFEST, value)
    with pytest.raises(BadInput, match="has no training rows"):
        launch(workspace)
    assert jobs.listed(workspace) == ()


def test_a_pause_is_asked_for_and_taken_back(workspace: Workspace):
    run = launch(workspace)
    until(lambda: steps(workspace, run.id) > 0)
    assert jobs.pause(workspace, run.id).is_pausing
    assert not jobs.pause(workspace, run.id, wanted=False).is_pausing
    jobs.stop(workspace, run.id)
    reaches(workspace, run.id, "stopped")
    with pytest.raises(DoesNotHold, match="does not run"):
        jobs.pause(workspace, run.id)
