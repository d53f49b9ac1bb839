"""The evaluation that follows a finished run: `python -m pipeline.evaluate.after RUN_FOLDER`.

The queue's supervisor runs it. However often it is run, and killed, there is one evaluation.
"""

import logging
import sys
from pathlib import Path

from pipeline.evaluate import jobs
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.jsonio import write_json
from pipeline.queue.following import REQUEST
from pipeline.train import state
from pipeline.train.cluster import PREFIX
from pipeline.workspace import Workspace

logger = logging.getLogger(__name__)

RESULT = "evaluation.json"
"""In the run's folder: the number of the evaluation, or why there is none."""


def follow(folder: Path, *, worker: str = jobs.WORKER) -> None:
    """Queue the evaluation of a run on its own export and device, and note its number.

    After a cluster it is this machine's best device: a cluster only trains.
    """
    run = state.read(folder)
    device = run.config.device
    request = EvaluationRequest(
        export=Path(run.config.export),
        run_ids=(run.id,),
        device="auto" if device.startswith(PREFIX) else device,
        token=f"after run {run.id}",
    )
    number, reason = None, ""
    try:
        number = jobs.launch(Workspace(folder.parent.parent), request, worker=worker).id
    except Exception as error:
        # The boundary of the process: whoever looks at the run reads the reason.
        logger.exception("Run %s could not be evaluated", run.id)
        reason = str(error)
    write_json(folder / RESULT, {"evaluation": number, "reason": reason})
    (folder / REQUEST).unlink(missing_ok=True)


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
