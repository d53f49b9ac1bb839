"""The loss curve of a run as a person reads it: thinned for drawing and smoothed. Pure."""

from collections.abc import Iterable, Sequence
from math import isfinite

from pipeline.train.events import Point as Measured

MOST_POINTS = 1500
"""A browser draws so many without trouble; neighbours are averaged above it."""
Point = tuple[int, float]
"""A step and its value."""


def points(measured: Iterable[Measured]) -> list[Point]:
    """Return steps and values; a value that is no finite number cannot be drawn and is left out."""
    return [(each.step, each.value) for each in measured if isfinite(each.value)]


def smooth(values: Sequence[Point], share: float = 0.08) -> list[Point]:
    """Return the exponential moving average over about `share` of the points, at least three.

    It is corrected for its start, as Adam corrects its moments (Kingma and Ba 2015), so that the
    first value is the first loss.
    """
    span = max(3.0, len(values) * share)
    keep = 1 - 2 / (span + 1)
    average, weight = 0.0, 0.0
    smoothed = []
    for step, value in values:
        average = keep * average + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        smoothed.append((step, average / weight))
    return smoothed


def thinned(values: Sequence[Point], most: int = MOST_POINTS) -> tuple[Point, ...]:
    """Return at most `most` points: neighbours averaged, at the step of the last of them.

    What was averaged once stays as it is while more points come, until the group size doubles.
    """
    size = 1
    while len(values) > most * size:
        size *= 2
    if size == 1:
        return tuple(values)
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    return tuple((group[-1][0], sum(value for _, value in group) / len(group)) for group in groups)
