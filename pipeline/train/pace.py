"""How fast a model trains on a device, judging by what was trained or tried there before."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.train.state import Run


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a real token, once through the model forward and back."""

    seconds_per_token: float
    source: Literal["run", "trial"]
    number: int
    """Of the run, or of the trial."""


def of_runs(runs: Iterable[Run], model: str, device: str, processes: int = 1) -> Pace | None:
    """Return the pace of the first of these runs that trained the model on the device a while.

    Only a run of as many processes tells. Everything else that it did between its steps is spread
    over its tokens.
    """
    for run in runs:
        chosen = run.config
        is_like_it = (chosen.model, chosen.device, chosen.processes) == (model, device, processes)
        if not is_like_it or run.progress.epoch < 1:
            continue
        seconds, tokens = _worked(run), run.progress.steps.last("tokens")
        if seconds and tokens:
            return Pace(seconds / tokens, "run", run.id)
    return None


def _worked(run: Run) -> float | None:
    """Seconds from the first word of the latest start to the last; None where it was resumed."""
    if run.started_at is None or run.progress.last_time is None or run.progress.resumed_step:
        return None
    return max(run.progress.last_time - run.started_at, 0.0) or None
