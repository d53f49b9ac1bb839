"""Which trackers a run may report to, and whether they are installed."""

import importlib.util
import shlex
import sys
from collections.abc import Sequence

from pipeline.errors import BadInput

TITLES = {
    "tensorboard": "TensorBoard",
    "mlflow": "MLflow",
    "wandb": "Weights & Biases",
    "trackio": "Trackio",
}
"""What each tracker calls itself, in any language."""
TRACKERS = tuple(TITLES)
"""Each is the name of its package too."""


class TrackerNotInstalled(BadInput):
    """A run is to report to a tracker whose package is not here."""

    def __init__(self, name: str) -> None:
        self.name, self.command = name, install_command((name,))
        super().__init__(
            "The run is to report to {name}, but that package is not installed. Install it "
            "({command}), or leave it out of report_to."
        )


def is_installed(name: str) -> bool:
    """Say whether a tracker's package is here."""
    return importlib.util.find_spec(name) is not None


def install_command(names: Sequence[str]) -> str:
    """Return the line for a terminal that installs trackers where Graft runs."""
    return shlex.join([sys.executable, "-m", "pip", "install", *names])


def missing(names: Sequence[str], *, elsewhere: bool) -> tuple[str, ...]:
    """Return those of some trackers that are not here; where a run trains elsewhere none is."""
    return () if elsewhere else tuple(name for name in names if not is_installed(name))


def refuse(names: Sequence[str], *, elsewhere: bool = False) -> None:
    """Raise BadInput for a tracker that is unknown, TrackerNotInstalled for one not here.

    A run that trains `elsewhere` reports from there: whether it is installed is found out then.
    """
    for name in names:
        if name not in TRACKERS:
            raise BadInput(
                "There is no tracker {name!r}. Trackers: {known}.", name=name, known=tuple(TRACKERS)
            )
    for name in missing(names, elsewhere=elsewhere):
        raise TrackerNotInstalled(name)
