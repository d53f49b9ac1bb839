"""The state of an evaluation: a function of its folder and of whether its process lives."""

from dataclasses import dataclass
from pathlib import Path

from pipeline import work
from pipeline.evaluate import config
from pipeline.evaluate.config import EvaluationConfig, run_of
from pipeline.work import ACTIVE, Failure, Progress, State

__all__ = ["ACTIVE", "Evaluation", "Failure", "Progress", "State", "read"]

LOG_NAME = "predict.log"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation as its folder tells it now."""

    id: int
    folder: Path
    config: EvaluationConfig
    state: State
    progress: Progress
    failure: Failure | None
    started_at: float | None
    """Seconds since the epoch; of the latest start where it was resumed."""

    @property
    def is_active(self) -> bool:
        """Whether answers may still come."""
        return self.state in ACTIVE

    @property
    def run_ids(self) -> tuple[int, ...]:
        """The runs that are evaluated, whole or by their checkpoints."""
        models = (each.model for each in self.config.candidates if each.adapter)
        return tuple(dict.fromkeys(run_of(model) for model in models))

    @property
    def of(self) -> int:
        """How many answers, contrasts and comparisons there will be."""
        return self.config.step_count

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.progress.done / self.of, 1.0) if self.of else 0.0


def read(folder: Path, since: Progress | None = None) -> Evaluation:
    """Read an evaluation's folder; with an earlier progress only the new events are read.

    DoesNotHold if the folder has no readable config or events.
    """
    now = work.read(folder, since)
    return Evaluation(
        id=int(folder.name),
        folder=folder,
        config=config.read(folder),
        state=now.state,
        progress=now.progress,
        failure=now.failure,
        started_at=now.started_at,
    )
