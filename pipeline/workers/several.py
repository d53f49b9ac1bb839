"""Trains one run in several processes here: `python -m pipeline.workers.several RUN_FOLDER`.

What torchrun does, but without an open port: the processes meet over a file and talk over the
loopback. A process that fails ends all of them, and somebody says why.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.jsonio import read_lines
from pipeline.said import Said
from pipeline.train import config as configs
from pipeline.train.devices import cores
from pipeline.workers.events import Events
from pipeline.workers.process import ShouldStop, start

logger = logging.getLogger(__name__)

WORKER = "pipeline.workers.train"
MEETING = "GRAFT_MEETING"
_POLL_S = 0.2
_PARTING_S = 15.0
"""How long the others have to end by themselves once one has failed."""


def main(folder: Path, is_terminated: ShouldStop = lambda: False, worker: str = WORKER) -> int:
    """Run the processes to their end; 0 where each ended well.

    SIGTERM reaches each of them by the group they are in, as does the folder's `stop.request`.
    """
    count = configs.read(folder).processes
    path = folder / "events.jsonl"
    before = path.stat().st_size if path.exists() else 0
    with tempfile.TemporaryDirectory(prefix="graft-") as meeting:
        ranks = [
            subprocess.Popen(
                [sys.executable, "-m", worker, str(folder)],
                env=_environment(number, count, Path(meeting)),
                stdin=subprocess.DEVNULL,
            )
            for number in range(count)
        ]
        failed = _wait(ranks)
    if failed is None:
        return 0
    events, _ = read_lines(path, before)
    if not any(event.get("kind") == "error" for event in events):
        Events(folder).tell("error", error="process", **_words(failed, ranks).as_json())
    return 1


def _environment(number: int, count: int, meeting: Path) -> dict[str, str]:
    return {
        # Threads of several processes that wait for each other's cores are slower than one.
        "OMP_NUM_THREADS": str(max(1, cores() // count)),
        **os.environ,
        "RANK": str(number),
        "LOCAL_RANK": str(number),
        "WORLD_SIZE": str(count),
        MEETING: f"file://{meeting / 'ranks'}",
        "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
        "NCCL_SOCKET_IFNAME": "lo",
    }


def _wait(ranks: "list[subprocess.Popen[bytes]]") -> int | None:
    """Wait for all; return the first one that failed, None where none did."""
    while True:
        codes = [rank.poll() for rank in ranks]
        failed = next((number for number, code in enumerate(codes) if code), None)
        if failed is not None:
            _part(ranks)
            return failed
        if all(code == 0 for code in codes):
            return None
        time.sleep(_POLL_S)


def _part(ranks: "list[subprocess.Popen[bytes]]") -> None:
    """Let the others notice that one is gone, then end them."""
    deadline = time.monotonic() + _PARTING_S
    while time.monotonic() < deadline and any(rank.poll() is None for rank in ranks):
        time.sleep(_POLL_S)
    for rank in ranks:
        rank.kill()
        rank.wait()


def _words(failed: int, ranks: "list[subprocess.Popen[bytes]]") -> Said:
    code = ranks[failed].returncode
    how = Said("ended with code {code}", code=code)
    if code < 0:
        how = Said("was killed by {signal}", signal=signal.Signals(-code).name)
    why = Said("Its last words are in the log.")
    if code == -signal.SIGKILL:
        why = Said(
            "If nobody did this by hand, the machine ran out of memory: take fewer processes, or "
            "less batch_tokens."
        )
    return Said(
        "Process {place} of {count} {how}, so all were ended. {why} Then resume.",
        place=failed + 1,
        count=len(ranks),
        how=how,
        why=why,
    )


if __name__ == "__main__":
    start(main)
