"""Passing a run's steps on to trackers: TensorBoard, MLflow, Weights & Biases, Trackio.

Each is used as its own documents have it, takes where it reports to from its own environment
variables, and is imported only where a run asks for it. A tracker that fails ends no run.
"""

import atexit
import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.said import Said
from pipeline.train.config import TrainConfig
from pipeline.workers.events import Events

logger = logging.getLogger(__name__)

PROJECT = "graft"
Log = Callable[[Mapping[str, float], int], object]
"""Takes values by name, and the step that they are of."""
End = Callable[[], object]


class Tracked(Events):
    """Tells the run's events as ever, and the numbers in them to its trackers."""

    def __init__(self, events: Events, folder: Path, config: TrainConfig) -> None:
        self._events = events
        self._trackers: dict[str, tuple[Log, End]] = {}
        for name in config.report_to:
            self._try(name, partial(self._start, name, folder, config))
        atexit.register(self.end)  # A run that fails tells no end.

    def tell(self, kind: str, **fields: object) -> None:
        """Write one event, and log its numbers where it is a step or a validation."""
        self._events.tell(kind, **fields)
        if kind in {"step", "validation"}:
            values = {f"{kind}/{name}": value for name, value in _numbers(fields).items()}
            step = int(str(fields["step"]))
            for name, (log, _) in list(self._trackers.items()):
                self._try(name, partial(log, values, step))
        elif kind == "end":
            self.end()

    def end(self) -> None:
        """Let the trackers write what they still hold."""
        for name, (_, end) in list(self._trackers.items()):
            self._try(name, end)
        self._trackers.clear()

    def _start(self, name: str, folder: Path, config: TrainConfig) -> None:
        self._trackers[name] = _STARTS[name](folder, config)

    def _try(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            # Whatever a tracker raises: the run matters more, and the warning says what is missing.
            logger.exception("The tracker %s failed", name)
            self._trackers.pop(name, None)
            self._events.tell(
                "warning",
                **Said(
                    "Nothing more is reported to {name}: {error} The run goes on.",
                    name=name,
                    error=error,
                ).as_json(),
            )


def _numbers(fields: Mapping[str, object]) -> dict[str, float]:
    found = {name: float(v) for name, v in fields.items() if isinstance(v, int | float)}
    by_role = fields.get("by_role")
    for role, value in by_role.items() if isinstance(by_role, dict) else ():
        found[f"loss_{role}"] = float(value)
    found.pop("step", None)
    return found


def _tensorboard(folder: Path, _: TrainConfig) -> tuple[Log, End]:
    writer = _import("torch.utils.tensorboard").SummaryWriter(str(folder / "tensorboard"))

    def log(values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    return log, writer.close


def _mlflow(_: Path, config: TrainConfig) -> tuple[Log, End]:
    mlflow = _import("mlflow")
    mlflow.set_experiment(PROJECT)
    mlflow.start_run(run_name=config.title)
    mlflow.log_params(_about(config))
    return lambda values, step: mlflow.log_metrics(dict(values), step=step), mlflow.end_run


def _wandb(folder: Path, config: TrainConfig) -> tuple[Log, End]:
    wandb = _import("wandb")
    run = wandb.init(project=PROJECT, name=config.title, config=_about(config), dir=str(folder))
    return lambda values, step: run.log(dict(values), step=step), run.finish


def _trackio(_: Path, config: TrainConfig) -> tuple[Log, End]:
    trackio = _import("trackio")
    trackio.init(project=PROJECT, name=config.title, config=_about(config))
    return lambda values, step: trackio.log(dict(values), step=step), trackio.finish


_STARTS: dict[str, Callable[[Path, TrainConfig], tuple[Log, End]]] = {
    "tensorboard": _tensorboard,
    "mlflow": _mlflow,
    "wandb": _wandb,
    "trackio": _trackio,
}


def _about(config: TrainConfig) -> dict[str, object]:
    """What decides the run, without anything of its pairs."""
    settings = asdict(config.settings)
    settings.pop("sample_prompts", None)
    names = ", ".join(file.name for file in config.data)
    return {"model": Path(config.model).name, "data": names, **settings}


def _import(name: str) -> Any:  # noqa: ANN401  # Each tracker is another module.
    return importlib.import_module(name)
