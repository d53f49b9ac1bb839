"""Which trackers a run may report to, and whether they are installed."""

import importlib.util
from collections.abc import Sequence

from pipeline.errors import BadInput

TRACKERS = ("tensorboard", "mlflow", "wandb", "trackio")
"""Each is the name of its package too."""


class TrackerNotInstalled(BadInput):
    """A run is to report to a tracker whose package is not here."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            "The run is to report to {name}, but that package is not installed. Install it "
            "(pip install {name}), or leave it out of report_to."
        )


def refuse(names: Sequence[str]) -> None:
    """Raise BadInput for a tracker that is unknown, TrackerNotInstalled for one not here."""
    for name in names:
        if name not in TRACKERS:
            raise BadInput(
                "There is no tracker {name!r}. Trackers: {known}.", name=name, known=tuple(TRACKERS)
            )
        if importlib.util.find_spec(name) is None:
            raise TrackerNotInstalled(name)
