"""Stands in for the worker that merges: `python -m tests.pipeline.merge.fake_worker FOLDER`.

Makes an empty folder in the place of a model; where a file `fake` in the merges' folder says `hang`
it waits to be stopped first.
"""

import sys
import time
from pathlib import Path

from pipeline.jsonio import write_json
from pipeline.merge import config
from tests.pipeline.probe.fake_worker import tell


def work(folder: Path) -> None:
    """Merge nothing, and tell it as the real worker does."""
    tell(folder, "state", state="loading")
    is_stopped = False
    while (folder.parent / "fake").exists() and not is_stopped:
        time.sleep(0.02)
        is_stopped = (folder / "stop.request").exists()
    if not is_stopped:
        Path(config.read(folder).out).mkdir()
    state = "stopped" if is_stopped else "finished"
    write_json(folder / "result.json", {"state": state})
    tell(folder, "end", state=state)


if __name__ == "__main__":
    work(Path(sys.argv[1]))
