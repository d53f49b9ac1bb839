"""A dashboard without pages: starts the runs of some tokens, then sees to the queue until killed.

`python -m tests.pipeline.queue.dashboard_process ROOT LASTS TOKEN=DEVICE…`
"""

import sys
import time
from pathlib import Path

from pipeline.queue import supervise
from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.pipeline.queue.conftest import WORKER, request

REFRESH_S = 0.5


def main(root: Path, lasts: int, forms: list[str]) -> None:
    """Do as a dashboard does whose form is sent once for each token, with that device."""
    workspace = Workspace.at(root)
    for form in forms:
        token, _, device = form.partition("=")
        asked = request(workspace, lasts, device, token=token)
        jobs.launch(workspace, asked, worker=WORKER)
        print(token, flush=True)  # noqa: T201 -- the test that started it waits for this
    while True:
        supervise.ensure(workspace)
        jobs.listed(workspace)
        time.sleep(REFRESH_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
