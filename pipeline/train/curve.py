"""The loss curve of a run: thinned for drawing and smoothed for reading.

Pure: it is given events as they lie in `events.jsonl` and takes in new ones as they come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_POINTS = 1500
"""A browser draws so many without trouble; neighbours are averaged above it."""
Point = tuple[int, float]


@dataclass(slots=True)
class Curve:
    """Training and validation loss by step; a resumed run overwrites the steps it does again."""

    steps: dict[int, float] = field(default_factory=dict)
    validation: dict[int, float] = field(default_factory=dict)

    def take(self, events: Iterable[dict[str, object]]) -> None:
        """Take events in; those that are no loss, or whose loss is no finite number, do nothing."""
        for event in events:
            step, loss = event.get("step"), event.get("loss")
            if not isinstance(step, int) or not isinstance(loss, int | float):
                continue
            if loss != loss or loss in (float("inf"), float("-inf")):
                continue
            if event.get("kind") == "step":
                self.steps[step] = float(loss)
            elif event.get("kind") == "validation":
                self.validation[step] = float(loss)

    @property
    def points(self) -> tuple[Point, ...]:
        """Every step's loss, rising, thinned to MOST_POINTS."""
        return thinned(sorted(self.steps.items()))

    @property
    def smoothed(self) -> tuple[Point, ...]:
        """The smoothed loss at the same places as `points`."""
        return thinned(smooth(sorted(self.steps.items())))

    @property
    def validation_points(self) -> tuple[Point, ...]:
        """Every validation, rising."""
        return tuple(sorted(self.validation.items()))


def smooth(points: Sequence[Point], share: float = 0.08) -> list[Point]:
    """Return the exponential moving average over about `share` of the points, at least three.

    It is corrected for its start, as Adam corrects its moments (Kingma and Ba 2015), so that the
    first value is the first loss.
    """
    span = max(3.0, len(points) * share)
    keep = 1 - 2 / (span + 1)
    average, weight = 0.0, 0.0
    smoothed = []
    for step, loss in points:
        average = keep * average + (1 - keep) * loss
        weight = keep * weight + (1 - keep)
        smoothed.append((step, average / weight))
    return smoothed


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> tuple[Point, ...]:
    """Return at most `most` points: neighbours averaged, at the step of the last of them.

    What was averaged once stays as it is while more points come, until the group size doubles.
    """
    size = 1
    while len(points) > most * size:
        size *= 2
    if size == 1:
        return tuple(points)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return tuple(
        (group[-1][0], sum(loss for _, loss in group) / len(group)) for group in groups if group
    )
