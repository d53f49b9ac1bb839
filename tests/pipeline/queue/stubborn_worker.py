"""A worker that heeds nothing, with a second process beside it: both have to be killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.workers.events import Events


def main(folder: Path) -> None:
    """Say that training has begun and who works, and go on for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "beside.txt").write_text(str(beside.pid))
    Events(folder).tell("state", state="training")
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
