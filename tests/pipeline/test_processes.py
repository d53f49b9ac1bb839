"""A worker process is begun, known again and stopped, whatever happens to those around it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import launches, processes
from pipeline.jsonio import read_json, write_json
from pipeline.launches import Worker, describe
from pipeline.watch import _GATE
from pipeline.workspace import REPOSITORY

TOUCH = "from pathlib import Path; Path('began').touch(); input()"


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    """A process in a session of its own."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def gate(folder: Path) -> "subprocess.Popen[bytes]":
    """A worker behind the gate that its watcher opens."""
    command = [sys.executable, "-ISc", _GATE, sys.executable, "-c", TOUCH]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE)


def test_a_worker_whose_watcher_is_killed_before_it_is_recorded_never_begins(tmp_path: Path):
    worker = gate(tmp_path)
    assert worker.stdin is not None
    worker.stdin.close()  # As the kernel does when the watcher is killed.
    assert worker.wait(timeout=10) == 0
    assert not (tmp_path / "began").exists()


def test_behind_the_gate_the_worker_has_the_pid_that_was_recorded(tmp_path: Path):
    worker = gate(tmp_path)
    began_at = launches.start_ticks(worker.pid)
    worker.communicate(b"!", timeout=10)
    assert (tmp_path / "began").exists()
    assert began_at > 0


def test_a_process_is_known_by_its_tick_though_the_clock_was_set(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
):
    launch = describe(sleeper, ["sleep"], tmp_path, Worker("none"))
    an_hour_off = replace(launch, create_time=launch.create_time - 3600)
    assert launches.is_alive(an_hour_off)
    assert not launches.is_alive(replace(launch, start_ticks=launch.start_ticks + 1))
    of_old = replace(launch, start_ticks=0)
    assert launches.is_alive(of_old)
    assert not launches.is_alive(replace(of_old, create_time=launch.create_time - 3600))


def test_a_folder_is_held_while_its_watcher_lives_even_if_nothing_is_recorded(tmp_path: Path):
    script = (
        "import sys, time; from pathlib import Path; from pipeline.processes import _only_starter\n"
        "with _only_starter(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert processes.is_held(tmp_path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert not processes.is_held(tmp_path)


def test_a_launch_of_an_older_graft_is_read(tmp_path: Path, sleeper: "subprocess.Popen[bytes]"):
    launch = describe(sleeper, ["sleep"], tmp_path, Worker("none", device="cpu"))
    launches.write_launch(tmp_path, launch)
    assert launches.read_launch(tmp_path) == launch
    known = read_json(tmp_path / "launch.json")
    for name in ("start_ticks", "watcher_start_ticks", "events_offset", "device", "ticket"):
        known.pop(name)
    write_json(tmp_path / "launch.json", known)
    read = launches.read_launch(tmp_path)
    assert read is not None
    assert (read.pid, read.start_ticks, read.device) == (launch.pid, 0, "")
    assert launches.is_alive(read)
