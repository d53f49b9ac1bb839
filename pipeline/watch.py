"""The watcher of one worker: `python -m pipeline.watch FOLDER MODULE GRACE_S`.

It starts the worker in a process group of its own, records it, waits, and records how it ended.
When `stop.request` appears it gives the worker the grace period, then SIGTERM, then SIGKILL.
It imports next to nothing and lives as long as the worker, whatever becomes of the dashboard.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.jsonio import write_json
from pipeline.processes import Launch, describe, send_signal, write_launch

POLL_S = 0.25
KILL_AFTER_S = 10.0


def watch(folder: Path, module: str, grace_s: float) -> None:
    """Run the worker to its end and write `launch.json` and `exit.json`."""
    argv = [sys.executable, "-m", module, str(folder)]
    worker = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        launch = describe(worker, argv)
        write_launch(folder, launch)
    except BaseException:
        worker.kill()  # A worker that nobody could find or stop must not run.
        raise
    status = _wait(worker, launch, folder / "stop.request", grace_s)
    _clear_group(launch)
    ended = {"code": status, "signal": None} if status >= 0 else {"code": None, "signal": -status}
    write_json(folder / "exit.json", {**ended, "time": time.time()})


def _wait(worker: "subprocess.Popen[bytes]", launch: Launch, request: Path, grace_s: float) -> int:
    asked_at: float | None = None
    is_terminated = False
    while True:
        try:
            return worker.wait(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            if asked_at is None and request.exists():
                asked_at = time.monotonic()
            waited_s = 0.0 if asked_at is None else time.monotonic() - asked_at
            if waited_s > grace_s + KILL_AFTER_S:
                send_signal(launch, signal.SIGKILL)
            elif waited_s > grace_s and not is_terminated:
                is_terminated = send_signal(launch, signal.SIGTERM)


def _clear_group(launch: Launch) -> None:
    """End what the worker left behind in its process group: data loaders that hold memory."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(launch.pgid, signal.SIGKILL)


if __name__ == "__main__":
    # A terminal that closes, or Ctrl-C in it, is the dashboard's business, not the worker's.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watch(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
