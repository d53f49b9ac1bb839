"""What takes a while when a model is handed over: launched, watched and stopped by its folder.

A GGUF file is made, or a folder is pushed to a hub; each in a process of its own.
"""

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline import disk, processes, work
from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.launches import Worker
from pipeline.said import Said
from pipeline.work import Work
from pipeline.workspace import Workspace, numbered

logger = logging.getLogger(__name__)

LOG_NAME = "worker.log"
GRACE_S = 10.0
_POLL_S = 0.2
_UNTOLD = Said(
    "The process was ended in the middle of it. No half file is kept here; try it again."
)
Outtype = Literal["auto", "f32", "f16", "bf16", "q8_0"]
"""The number formats of the converter; auto: the nearest to what lies in the folder."""


@dataclass(frozen=True, slots=True)
class GgufPlan:
    """A GGUF file to be made of a model."""

    model: str
    """The folder of the model."""
    out: str
    """The file to make."""
    outtype: Outtype
    home: str
    """The workspace, where the converter lies."""
    kind: Literal["gguf"] = "gguf"


@dataclass(frozen=True, slots=True)
class PushPlan:
    """A model to be pushed to a hub. The hub's token is in no plan: the environment has it."""

    model: str
    """The folder of the model."""
    repository: str
    """`owner/name` on the hub."""
    is_private: bool
    base_name: str
    """What the base is called on the hub: stands in the adapter's settings and in the card."""
    card: str
    """The model card."""
    kind: Literal["push"] = "push"


Plan = GgufPlan | PushPlan
WORKERS = {"gguf": "pipeline.workers.gguf", "push": "pipeline.workers.push"}
_PLANS: dict[object, type[Plan]] = {"gguf": GgufPlan, "push": PushPlan}
# Workers never ask a hub; this one is told to.
_ENVIRONMENT = {"gguf": {}, "push": {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}}


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of handing over as its folder tells it now."""

    id: int
    folder: Path
    plan: Plan
    work: Work
    result: Mapping[str, object]
    """What came of it; empty until it is over."""


def launch(workspace: Workspace, plan: Plan) -> Job:
    """Start it; BadInput if the very same is at work already."""
    if any(each.work.is_active and each.plan == plan for each in listed(workspace)):
        raise BadInput("This is under way already. Wait for it.")
    with disk.new_folder(workspace.handovers) as folder:
        write_json(folder / "config.json", asdict(plan))
    worker = Worker(WORKERS[plan.kind], log_name=LOG_NAME, grace_s=GRACE_S)
    processes.start(folder, worker, _ENVIRONMENT[plan.kind])
    return _read(folder)


def gguf_plan(workspace: Workspace, model: Path, outtype: Outtype) -> GgufPlan:
    """Plan `NAME-OUTTYPE.gguf` in the model's folder; BadInput if it is there."""
    out = model / f"{model.name}-{outtype}.gguf"
    if out.exists():
        raise BadInput("{out} is there already.", out=out)
    return GgufPlan(str(model), str(out), outtype, str(workspace.root))


def gguf_files(model: Path) -> tuple[Path, ...]:
    """Return the GGUF files that lie in a model's folder."""
    return tuple(sorted(model.glob("[!.]*.gguf")))


def read(workspace: Workspace, job_id: int) -> Job:
    """Return a job as its folder tells it now; DoesNotHold if there is none."""
    return _read(workspace.handovers / str(job_id))


def wait(workspace: Workspace, job_id: int) -> Job:
    """Return the job once it is over."""
    while (job := read(workspace, job_id)).work.is_active:
        time.sleep(_POLL_S)
    return job


def latest(workspace: Workspace, model: Path, kind: str) -> Job | None:
    """Return the newest job of a kind with a model; None if there is none."""
    for job in listed(workspace):
        if job.plan.kind == kind and job.plan.model == str(model):
            return job
    return None


def listed(workspace: Workspace) -> tuple[Job, ...]:
    """Return every job, newest first; a folder without a plan is left out."""
    found = []
    for number in reversed(numbered(workspace.handovers)):
        try:
            found.append(_read(workspace.handovers / str(number)))
        except DoesNotHold as reason:
            logger.warning("Left out: %s", reason)
    return tuple(found)


def stop(workspace: Workspace, job_id: int) -> None:
    """Ask a job to end, and return at once; no half file is kept."""
    processes.request_stop(workspace.handovers / str(job_id))


def forget(workspace: Workspace, job_id: int) -> None:
    """Delete what is kept of a job that is over; what it made stays."""
    job = read(workspace, job_id)
    if job.work.is_active:
        raise BadInput("It is at work. Stop it first.")
    shutil.rmtree(job.folder)


def read_plan(folder: Path) -> Plan:
    """Read `config.json`; DoesNotHold if it is missing or damaged."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        return decode(_PLANS[value.get("kind")], value)
    except (OSError, ValueError, KeyError) as error:
        raise DoesNotHold(
            "{path} does not say what to hand over ({error}).", path=path, error=error
        ) from error


def _read(folder: Path) -> Job:
    try:
        result = read_json(folder / "result.json")
    except (OSError, ValueError):
        result = {}
    now = work.read(folder, untold=_UNTOLD)
    return Job(int(folder.name), folder, read_plan(folder), now, result)
