"""A worker without a model that lasts as long as its config's seed says, in hundredths of a second.

It writes down which GPU it was given, and when it began and ended, for tests to compare.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

from pipeline.jsonio import write_json
from pipeline.train import config


def main(folder: Path) -> None:
    """Last for a while, then end well; end early where a stop is asked for."""

    def tell(kind: str, **fields: object) -> None:
        with (folder / "events.jsonl").open("a") as file:
            file.write(json.dumps({"time": time.time(), "kind": kind, **fields}) + "\n")

    def note(what: str) -> None:
        facts = [what, folder.name, str(os.getpid()), os.environ["CUDA_VISIBLE_DEVICES"]]
        with (folder.parent.parent / "worked.txt").open("a") as file:
            file.write(" ".join(facts) + "\n")

    note("began")
    alone = (folder.parent.parent / f"{os.environ['CUDA_VISIBLE_DEVICES']}.lock").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note("beside another one, on the same device:")
    tell("state", state="training")
    end = time.monotonic() + config.read(folder).settings.seed / 100
    while time.monotonic() < end and not (folder / "stop.request").exists():
        time.sleep(0.01)
    state = "finished" if time.monotonic() >= end else "stopped"
    (folder / "adapter").mkdir(exist_ok=True)
    write_json(folder / "adapter" / "graft.json", {"policy": "none"})
    write_json(folder / "result.json", {"state": state})
    tell("end", state=state, step=1)
    note("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
