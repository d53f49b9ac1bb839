"""What was measured at each step of a run, a column a measure: a hundred thousand steps stay small.

It knows nothing of files; `pipeline.train.events` fills it from a run's events.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Literal, get_args

Measure = Literal[
    "epoch",
    "loss",
    "lr",
    "grad_norm",
    "tokens",
    "tokens_per_second",
    "memory_bytes",
    "host_memory_bytes",
]
"""The fields of a `step` event that are kept."""
MEASURES: tuple[Measure, ...] = get_args(Measure)


def _columns() -> dict[Measure, "array[float]"]:
    return {name: array("d") for name in MEASURES}


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The measured steps, rising; all columns have one length. Only its maker may add to it."""

    step: "array[int]" = field(default_factory=lambda: array("q"))
    time: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds since the epoch."""
    worked: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds since the first step, without the pauses between a stop and a resume."""
    columns: Mapping[Measure, "array[float]"] = field(default_factory=_columns)
    """NaN where the worker did not tell the measure."""

    def __len__(self) -> int:
        return len(self.step)

    def __eq__(self, other: object) -> bool:
        # By bytes: what was not told is NaN, and no NaN equals another.
        return isinstance(other, Steps) and self._bytes() == other._bytes()

    def __hash__(self) -> int:
        return hash((len(self.step), self.step[-1] if self.step else 0))

    def copy(self) -> "Steps":
        """Return a copy that can be added to without changing this one."""
        return self.until(self.step[-1] if self.step else 0)

    def until(self, step: int) -> "Steps":
        """Return a copy of the steps up to `step`."""
        end = bisect_right(self.step, step)
        columns = {name: column[:end] for name, column in self.columns.items()}
        return Steps(self.step[:end], self.time[:end], self.worked[:end], columns)

    def add(self, event: Mapping[str, object], *, resumed_step: int) -> None:
        """Append what a `step` event tells, of a start that went on from `resumed_step`."""
        time = _number(event.get("time"), 0.0)
        is_first = not self.step or self.step[-1] <= resumed_step
        self.worked.append(_worked(self, 0.0 if is_first else time - self.time[-1]))
        self.step.append(int(_number(event.get("step"), 0)))
        self.time.append(time)
        for name in MEASURES:
            self.columns[name].append(_number(event.get(name), nan))

    def last(self, measure: Measure) -> float | None:
        """Return the newest value of a measure, None where it was not told."""
        column = self.columns[measure]
        return None if not column or isnan(column[-1]) else column[-1]

    def pace_s(self, after_step: int, most: int) -> float | None:
        """Return the mean seconds a step of the newest `most` after a step; None before two."""
        first = max(bisect_right(self.step, after_step), len(self.step) - most)
        passed = len(self.step) - 1 - first
        if passed < 1:
            return None
        steps = self.step[-1] - self.step[first]
        return (self.time[-1] - self.time[first]) / max(steps, 1)

    def _bytes(self) -> list[bytes]:
        values = [self.time, self.worked, *self.columns.values()]
        return [self.step.tobytes(), *(each.tobytes() for each in values)]


def _number(value: object, otherwise: float) -> float:
    return value if isinstance(value, int | float) else otherwise


def _worked(steps: Steps, more: float) -> float:
    return (steps.worked[-1] if steps.worked else 0.0) + max(more, 0.0)
