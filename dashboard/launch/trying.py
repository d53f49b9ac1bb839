"""What the Launch page works with where one step is tried before a run; it draws nothing."""

from dashboard import state
from dashboard.guard import reaction
from dashboard.launch import launching
from dashboard.launch.launching import Export
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel
from pipeline.train import trial
from pipeline.train.config import TrainConfig
from pipeline.train.devices import devices
from pipeline.train.request import LaunchRequest, freeze
from pipeline.train.trial import Trial
from pipeline.workspace import numbered


def latest(request: LaunchRequest) -> Trial | None:
    """Return the newest trial of what a request would do; None where there is none."""
    workspace = state.workspace()
    if not numbered(workspace.trials):
        return None
    try:
        return trial.latest(workspace, _frozen(request))
    except (PipelineError, OSError):
        return None  # What cannot be launched is told by the checks.


def read(trial_id: int) -> Trial:
    """Return a trial as it is now."""
    return trial.read(state.workspace().trials / str(trial_id))


@reaction
def start(model: BaseModel, export: Export) -> None:
    """Try one step of what the form describes."""
    trial.launch(state.workspace(), launching.request(model, export))


@reaction
def stop(trial_id: int) -> None:
    """End a trial."""
    trial.stop(state.workspace(), trial_id)


def _frozen(request: LaunchRequest) -> TrainConfig:
    return freeze(request, devices().get(request.device).name)
