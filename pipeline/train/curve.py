"""The curves of a run as a person reads them: thinned for drawing, smoothed, over steps or time.

Pure. Points stay where they are while more come, until the group that is averaged doubles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pipeline.train.events import Point, Progress
from pipeline.train.steps import Measure, Steps

Axis = Literal["step", "tokens", "time"]
AXES: tuple[Axis, ...] = get_args(Axis)
MOST_POINTS = 1200
"""A browser draws so many without trouble; neighbours are averaged above it."""
SMOOTHED: float = 0.04
"""The share of a run's planned steps over which a loss is smoothed."""
_FEWEST = 3.0

Values = list[float | None]
"""None where nothing was measured, or no finite number."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: where its points stand on the axis, and their values."""

    x: list[float]
    y: Values


def measured(progress: Progress, names: Sequence[Measure], axis: Axis) -> dict[Measure, Curve]:
    """Return a curve for each measure, thinned alike; without any step, empty ones."""
    steps = progress.steps
    size = group_size(len(steps))
    x = [_places(steps, axis)[end] for end in _ends(len(steps), size)]
    return {name: Curve(x, thinned(steps.columns[name], size)) for name in names}


def validated(progress: Progress, points: Sequence[Point], axis: Axis) -> Curve:
    """Return the curve of what was measured at some steps only, such as the validation loss."""
    steps = progress.steps
    if axis == "step":
        x = [float(point.step) for point in points]
    else:
        column = _places(steps, axis)
        # Step 0 was validated before anything was learned; a step that is not read yet is the last.
        places = np.clip(
            np.searchsorted(steps.step, [p.step for p in points], "right") - 1, -1, None
        )
        x = [float(column[place]) if place >= 0 and len(column) else 0.0 for place in places]
    return Curve(x, [_told(point.value) for point in points])


def smooth(values: Values, span: float) -> Values:
    """Return the exponential moving average over `span` points, at least three.

    It is corrected for its start, as Adam corrects its moments (Kingma and Ba 2015), so that the
    first value is the first loss. What is None stays None.
    """
    keep = 1 - 2 / (max(_FEWEST, span) + 1)
    average, weight = 0.0, 0.0
    smoothed: Values = []
    for value in values:
        if value is None:
            smoothed.append(None)
            continue
        average = keep * average + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        smoothed.append(_told(average / weight))
    return smoothed


def span(planned_steps: int, count: int) -> float:
    """Return over how many drawn points to smooth: it is fixed by the plan, so the past stays."""
    return SMOOTHED * max(planned_steps, 1) / group_size(count)


def group_size(count: int, most: int = MOST_POINTS) -> int:
    """Return how many neighbours are averaged so that at most `most` points are left."""
    size = 1
    while count > most * size:
        size *= 2
    return size


def thinned(column: Sequence[float], size: int) -> Values:
    """Return the mean of each `size` neighbours, of those that are finite numbers."""
    values = np.asarray(column, dtype=np.float64)
    finite = np.isfinite(values)
    if size > 1:
        starts = np.arange(0, len(values), size)
        sums = np.add.reduceat(np.where(finite, values, 0.0), starts) if len(values) else values
        counts = np.add.reduceat(finite, starts, dtype=np.int64) if len(values) else finite
        values = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return [_told(value) for value in values.tolist()]


def _places(steps: Steps, axis: Axis) -> Sequence[float]:
    if axis == "step":
        return steps.step
    return steps.columns["tokens"] if axis == "tokens" else steps.worked


def _ends(count: int, size: int) -> list[int]:
    """The last index of each group."""
    return [min(start + size, count) - 1 for start in range(0, count, size)]


def _told(value: float) -> float | None:
    """Five figures are more than a screen shows, and half of what a browser would be sent."""
    return float(f"{value:.5g}") if np.isfinite(value) else None
