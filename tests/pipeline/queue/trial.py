"""One trial of the queue: its processes are killed at random, and what is shown is held to truth.

`python -m tests.pipeline.queue.trial COUNT` runs so many, by their numbers, and prints a line each.

In each a supervisor, a dashboard and a worker are hit, in the order of the trial; a trial that
missed one is at fault itself. Truth is what the workers themselves wrote down and whether their
processes live; nothing of Graft is asked for it.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import psutil

from pipeline.launches import is_alive, is_watched, read_launch
from pipeline.queue import line
from pipeline.train import jobs
from pipeline.workspace import REPOSITORY, Workspace
from tests.dashboard import run_seed

Victim = Literal["supervisor", "dashboard", "worker", "watcher"]
ALWAYS: tuple[Victim, ...] = ("supervisor", "dashboard", "worker")
ORDERS = list(itertools.permutations(ALWAYS))
TOKENS = ("a", "b", "c", "d", "e")
PATIENCE_S = 6.0
RIGHT_WITHIN_S = 10.0
OVER_WITHIN_S = 240.0
"""Only what hangs takes so long, however busy the machine."""
MAY_SHOW = {
    "waits": {"queued"},
    "lives": {"starting", "running", "stopping"},
    "ended": {"finished"},
    "died": {"failed"},
}


@dataclass
class Trial:
    """What was done and what came of it."""

    order: tuple[Victim, ...]
    killed: list[str] = field(default_factory=list)
    right_after_s: float = 0.0
    """How long after the last kill every run was shown as it was."""
    shown: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def run(root: Path, seed: int) -> Trial:
    """Make a workspace in `root`, start two dashboards on it, and kill in a random rhythm."""
    chance = random.Random(seed)
    order = list(ORDERS[seed % len(ORDERS)])
    if chance.random() < 0.4:
        order.insert(chance.randrange(len(order) + 1), "watcher")
    trial = Trial(tuple(order))
    workspace = Workspace.at(root)
    run_seed.model(root)
    run_seed.export(root)
    lasts = chance.randint(200, 300)
    dashboards = [_dashboard(root, lasts), _dashboard(root, lasts)]
    awaited = chance.choice((0, 1, 2, *[len(TOKENS)] * 3))
    _wait(lambda: len(truth(root)) >= awaited)
    if awaited == len(TOKENS):  # Well into the first of them, or the second.
        time.sleep(chance.uniform(0.0, lasts / 100))
    for victim in order:
        time.sleep(chance.uniform(0.0, 1.0))
        find = partial(_pids, workspace, victim, dashboards)
        if not _kill(find, victim, trial):
            # Nobody is left who would start one: a person opens the dashboard again.
            dashboards.append(_dashboard(root, lasts))
            _kill(find, victim, trial)
    trial.faults += [f"no {victim} was hit" for victim in ALWAYS if victim not in trial.killed]
    killed_at = time.monotonic()
    dashboards.append(_dashboard(root, lasts))
    _until_right(workspace, trial, killed_at)
    _until_over(workspace, trial)
    for each in dashboards:
        each.kill()
        each.wait()
    return trial


def _wait(holds: Callable[[], bool], patience_s: float = 20.0) -> None:
    end = time.monotonic() + patience_s
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)


def _dashboard(root: Path, lasts: int) -> "subprocess.Popen[bytes]":
    command = ["-m", "tests.pipeline.queue.dashboard_process", str(root), str(lasts)]
    forms = [f"{token}=cpu" for token in TOKENS]
    with (root / "dashboards.txt").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, *command, *forms], cwd=REPOSITORY, stdout=said, stderr=said
        )


def _kill(find: Callable[[], list[int]], victim: Victim, trial: Trial) -> bool:
    """Kill -9 what there is of a kind, waiting a while for it; False where none came."""
    end = time.monotonic() + PATIENCE_S
    is_hit = False
    while not is_hit and time.monotonic() < end:
        for pid in find():
            with suppress(ProcessLookupError):  # It ended by itself just now.
                os.kill(pid, signal.SIGKILL)
                trial.killed.append(victim)
                is_hit = True
        time.sleep(0.002)
    return is_hit


def _pids(
    workspace: Workspace, victim: Victim, dashboards: "list[subprocess.Popen[bytes]]"
) -> list[int]:
    if victim == "dashboard":
        return [each.pid for each in dashboards if each.poll() is None]
    if victim == "supervisor":
        return _supervisors(workspace)
    found = [read_launch(each.job.folder) for each in line.read(workspace).working]
    if victim == "worker":
        return [each.pid for each in found if each and is_alive(each)]
    return [each.watcher_pid for each in found if each and is_watched(each)]


def _supervisors(workspace: Workspace) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "pipeline.queue.supervise" in command and str(workspace.root) in command:
            found.append(process.pid)
    return found


def truth(root: Path) -> dict[int, str]:
    """What became of each run, by its worker's own notes."""
    begun: dict[int, int] = {}
    ended: set[int] = set()
    path = root / "worked.txt"
    for each in path.read_text().splitlines() if path.exists() else []:
        what, run_id, pid, _ = each.split(" ", 3)
        if what == "began":
            begun[int(run_id)] = int(pid)
        elif what == "ended":
            ended.add(int(run_id))
    found = {}
    for folder in (root / "runs").iterdir():
        number = int(folder.name)
        if not (folder / "config.json").exists():
            continue
        if number in ended:
            found[number] = "ended"
        elif number in begun:
            found[number] = "lives" if _lives(begun[number], folder) else "died"
        else:
            found[number] = "waits"
    return found


def _lives(pid: int, folder: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(folder) in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _until_right(workspace: Workspace, trial: Trial, killed_at: float) -> None:
    """Wait until all runs are there and shown as they are; one watcher killed may cost its run."""
    wrong = _wrong(workspace, trial)
    while wrong and time.monotonic() < killed_at + RIGHT_WITHIN_S:
        time.sleep(0.05)
        wrong = _wrong(workspace, trial)
    trial.right_after_s = time.monotonic() - killed_at
    trial.faults += wrong


def _wrong(workspace: Workspace, trial: Trial) -> list[str]:
    """What is shown otherwise than it is, now."""
    shown = {run.id: run.state for run in jobs.listed(workspace)}
    true = truth(workspace.root)
    wrong = [
        f"run {number} {true[number]} and is shown {shown.get(number)}"
        for number in true
        if shown.get(number) not in MAY_SHOW[true[number]]
        and not _lost_at_the_gate(trial, true[number], shown.get(number))
    ]
    if len(true) != len(TOKENS):
        wrong.append(f"{len(true)} runs for {len(TOKENS)} tokens")
    return wrong


def _lost_at_the_gate(trial: Trial, true: str, shown: str | None) -> bool:
    """A watcher was killed after it had recorded its worker and before that began."""
    return true == "waits" and shown == "failed" and bool({"watcher", "worker"} & set(trial.killed))


def _until_over(workspace: Workspace, trial: Trial) -> None:
    """Wait until nothing works or waits, all shown rightly; what was not killed has finished."""
    right_at = time.monotonic()
    end = right_at + OVER_WITHIN_S
    while any(run.is_active for run in jobs.listed(workspace)) and time.monotonic() < end:
        time.sleep(0.1)
        if not (wrong := _wrong(workspace, trial)):
            right_at = time.monotonic()
        elif time.monotonic() > right_at + RIGHT_WITHIN_S:
            trial.faults += wrong
            break
    trial.shown = {run.id: run.state for run in jobs.listed(workspace)}
    trial.faults += _wrong(workspace, trial)
    notes = (workspace.root / "worked.txt").read_text().splitlines()
    begun = [note.split()[1] for note in notes if note.startswith("began")]
    trial.faults += [f"run {n} began twice" for n in set(begun) if begun.count(n) > 1]
    trial.faults += [note for note in notes if note.startswith("beside")]
    failed = sum(state == "failed" for state in trial.shown.values())
    allowed = trial.killed.count("worker") + trial.killed.count("watcher")
    if set(trial.shown.values()) - {"finished", "failed"} or failed > allowed:
        trial.faults.append(f"ended as {trial.shown}, {trial.killed} killed")
    tokens = sorted(run.config.token for run in jobs.listed(workspace))
    if tokens != sorted(TOKENS):
        trial.faults.append(f"runs of the tokens {tokens}")


def main(count: int) -> int:
    """Run the trials of the first numbers; the exit code is how many went wrong."""
    wrong = 0
    for seed in range(count):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            done = run(Path(home), seed)
        wrong += bool(done.faults)
        states = " ".join(done.shown[number] for number in sorted(done.shown))
        killed = f"{' '.join(done.order)} | {len(done.killed)}"
        line_ = f"| {seed} | {killed} | {done.right_after_s:.1f} s | {states} |"
        print(line_, *done.faults, flush=True)  # noqa: T201 -- a script of its own
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
