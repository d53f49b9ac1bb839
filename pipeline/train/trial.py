"""Trying one step before a run: what its longest batch really takes, in memory and in time.

A trial is a folder like a run's, with a worker of its own that learns nothing which is kept.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline import disk, processes, work
from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json
from pipeline.launches import Worker
from pipeline.queue import looking
from pipeline.train import config, jobs
from pipeline.train.cluster import PREFIX
from pipeline.train.config import Settings, TrainConfig
from pipeline.train.devices import devices, environment, overlap
from pipeline.train.request import LaunchRequest, freeze
from pipeline.work import Work
from pipeline.workspace import Workspace

WORKER, LOG_NAME, GRACE_S = "pipeline.workers.trial", "trial.log", 5.0
_DECISIVE = (
    "rank", "targets", "rslora", "dora", "dropout", "batch_rows", "accumulation", "batch_tokens",
    "cutoff_tokens", "neftune_alpha", "gradient_checkpointing", "dtype", "quantization",
)  # fmt: skip
"""The settings on which memory and pace depend."""


class DeviceTaken(BadInput):
    """A run is at work on the device, so that a trial would disturb it and measure wrongly."""

    def __init__(self, device: str, run_id: int) -> None:
        self.device, self.run_id = device, run_id
        super().__init__(
            "Run {run_id} is training on {device}. A step tried beside it would be measured "
            "wrongly; try it when the run is over."
        )


class TrialElsewhere(BadInput):
    """The run is to train on a cluster, and nothing that is tried here would tell of it."""

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__("A step for {device} cannot be tried: that cluster is not this machine.")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a step took."""

    rows: int
    length: int
    """Tokens of the longest row at the peak."""
    peak_memory_bytes: int
    tokens: int
    """Real tokens of the step that was timed."""
    seconds: float

    @property
    def seconds_per_token(self) -> float:
        """How long a real token took."""
        return self.seconds / max(self.tokens, 1)


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial as its folder tells it now."""

    id: int
    folder: Path
    config: TrainConfig
    work: Work
    tried: Tried | None
    """None until it was measured."""


def launch(workspace: Workspace, request: LaunchRequest, *, worker: str = WORKER) -> Trial:
    """Start a trial of what a run would do; one that was measured before is given back.

    Raises what a launch raises, DeviceTaken, and TrialElsewhere.
    """
    device = devices().get(request.device)
    if device.name.startswith(PREFIX):
        raise TrialElsewhere(device.name)
    frozen = freeze(request, device.name)
    known = latest(workspace, frozen)
    if known and (known.work.is_active or known.tried):
        return known
    for run in jobs.listed(workspace):
        if run.pid and overlap(run.config.device, device.name):
            raise DeviceTaken(device.name, run.id)
    with disk.new_folder(workspace.trials) as folder:
        config.write(folder, frozen)
    started = Worker(worker, log_name=LOG_NAME, grace_s=GRACE_S, device=device.name)
    processes.start(folder, started, environment(device))
    return read(folder)


def latest(workspace: Workspace, wanted: TrainConfig) -> Trial | None:
    """Return the newest trial of what decides the memory and the pace of a config."""
    alike = _decisive(wanted)
    trials = looking.all_of(workspace.trials, read)
    return next((trial for trial in trials if _decisive(trial.config) == alike), None)


def read(folder: Path) -> Trial:
    """Return a trial as its folder tells it now; DoesNotHold where it has no readable config."""
    now = work.read(folder)
    tried = None
    if now.state == "finished":
        try:
            tried = decode(Tried, read_json(folder / "result.json"))
        except ValueError as error:
            raise DoesNotHold(
                "{folder} has an unreadable result ({error}).", folder=folder, error=error
            ) from error
    return Trial(int(folder.name), folder, config.read(folder), now, tried)


def stop(workspace: Workspace, trial_id: int) -> None:
    """End a trial; nothing is lost with it."""
    processes.request_stop(workspace.trials / str(trial_id))


def _decisive(whole: TrainConfig) -> TrainConfig:
    kept = {name: value for name, value in asdict(whole.settings).items() if name in _DECISIVE}
    return replace(
        whole,
        title="",
        preset="",
        token="",
        study="",
        validation=(),
        evaluate_after=False,
        parent_run=None,
        initial_adapter="",
        report_to=(),
        settings=Settings(**kept),
    )
