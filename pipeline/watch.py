"""The watcher of one worker: `python -m pipeline.watch FOLDER WORKER`, the worker as JSON.

It starts the worker in a process group of its own, records it, waits, and records how it ended.
When `stop.request` appears it gives the worker the grace period, then SIGTERM, then SIGKILL;
when `discard.request` does, SIGKILL at once, or after the moment that a worker needs to part.
It imports next to nothing and lives as long as the worker, whatever becomes of the dashboard.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.decode import decode
from pipeline.jsonio import write_json
from pipeline.launches import DISCARD, STOP, Launch, Worker, describe, write_launch
from pipeline.processes import detach, send_signal

POLL_S = 0.25
KILL_AFTER_S = 10.0
_GATE = "import os, sys; os.read(0, 1) and os.execv(sys.argv[1], sys.argv[1:])"
"""Waits for one byte, then becomes the worker: the pid stays. No byte, no worker."""


def watch(folder: Path, worker: Worker) -> None:
    """Run the worker to its end and write `launch.json` and `exit.json`."""
    argv = [sys.executable, "-m", worker.module, str(folder)]
    # A worker that nobody could find or stop must not run: should this process be killed before
    # the launch is recorded, the pipe closes and nothing was begun.
    process = subprocess.Popen(
        [sys.executable, "-ISc", _GATE, *argv], stdin=subprocess.PIPE, start_new_session=True
    )
    launch = describe(process, argv, folder, worker)
    write_launch(folder, launch)
    _open_gate(process)
    status = _wait(process, launch, folder, worker)
    _clear_group(launch)
    ended = {"code": status, "signal": None} if status >= 0 else {"code": None, "signal": -status}
    write_json(folder / "exit.json", {**ended, "time": time.time()})
    if worker.afterwards:
        detach(list(worker.afterwards))


def _open_gate(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is None:
        raise ValueError("the worker has no gate")
    with contextlib.suppress(BrokenPipeError), process.stdin as gate:  # Killed already.
        gate.write(b"!")


def _wait(process: "subprocess.Popen[bytes]", launch: Launch, folder: Path, worker: Worker) -> int:
    stop, discard = _Request(folder / STOP), _Request(folder / DISCARD)
    is_terminated = False
    while True:
        try:
            return process.wait(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            stopping_s, parting_s = stop.waited_s(), discard.waited_s()
            if stopping_s > worker.grace_s + KILL_AFTER_S or parting_s >= worker.parting_s:
                send_signal(launch, signal.SIGKILL)
            elif stopping_s > worker.grace_s and not is_terminated:
                is_terminated = send_signal(launch, signal.SIGTERM)


class _Request:
    """A file by which the worker is asked to end, and since when it is there."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen_at = path, math.inf

    def waited_s(self) -> float:
        """Return how long ago it was first seen; before that less than nothing."""
        if math.isinf(self._seen_at) and self._path.exists():
            self._seen_at = time.monotonic()
        return time.monotonic() - self._seen_at


def _clear_group(launch: Launch) -> None:
    """End what the worker left behind in its process group: data loaders that hold memory."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(launch.pgid, signal.SIGKILL)


if __name__ == "__main__":
    # A terminal that closes, or Ctrl-C in it, is the dashboard's business, not the worker's.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watch(Path(sys.argv[1]), decode(Worker, json.loads(sys.argv[2])))
