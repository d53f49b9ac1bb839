"""Reading a run's events: where it is, and its curves. By byte offset, whole lines only."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.jsonio import read_lines

_RECENT_STEPS = 20


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value of a run."""

    step: int
    value: float
    time: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the worker set out to do."""

    steps: int
    epochs: int
    rows: int
    train_tokens: int
    """Real (not padding) tokens an epoch."""
    parameters: int
    """How many weights are trained."""
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the worker gave up, in its own words."""

    error: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything the events of a run say, up to `offset`."""

    offset: int = 0
    phase: str = ""
    """`loading`, `training` or `saving`."""
    plan: Plan | None = None
    step: int = 0
    epoch: float = 0.0
    tokens_per_second: float | None = None
    memory_bytes: int | None = None
    losses: tuple[Point, ...] = ()
    validation: tuple[Point, ...] = ()
    by_role: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    rates: tuple[Point, ...] = ()
    grad_norms: tuple[Point, ...] = ()
    checkpoints: tuple[tuple[int, str], ...] = ()
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    ended: str | None = None
    """`finished` or `stopped` once the terminal event is there."""
    last_time: float | None = None

    @property
    def share(self) -> float:
        """How much of the planned steps is done, 0 to 1."""
        return min(self.step / self.plan.steps, 1.0) if self.plan and self.plan.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time the remaining steps will take at the recent pace; None before two steps.

        Only the steps since the last start count, so it is right after a resume too.
        """
        recent = self.losses[-_RECENT_STEPS:]
        if self.plan is None or len(recent) < 2:
            return None
        steps = recent[-1].step - recent[0].step
        pace_s = (recent[-1].time - recent[0].time) / max(steps, 1)
        return max(self.plan.steps - self.step, 0) * pace_s


def read(path: Path, since: Progress | None = None) -> Progress:
    """Return the progress after all whole lines of `path`, going on from an earlier reading."""
    progress = since or Progress()
    events, offset = read_lines(path, progress.offset)
    for event in events:
        progress = _after(progress, event)
    return replace(progress, offset=offset)


def _after(progress: Progress, event: dict[str, object]) -> Progress:
    progress = replace(progress, last_time=_float(event, "time"))
    match event.get("kind"):
        case "state":
            phase = str(event.get("state", ""))
            if phase == "loading":  # A start: what an earlier process died of is over.
                return replace(progress, phase=phase, failure=None, ended=None)
            return replace(progress, phase=phase)
        case "plan":
            return _planned(progress, event)
        case "step":
            return _stepped(progress, event)
        case "validation":
            return _validated(progress, event)
        case "checkpoint":
            made = (_int(event, "step"), str(event.get("folder", "")))
            return replace(progress, checkpoints=(*progress.checkpoints, made))
        case "warning":
            warnings = (*progress.warnings, str(event.get("message", "")))
            return replace(progress, warnings=warnings)
        case "error":
            failure = Failure(str(event.get("error", "unknown")), str(event.get("message", "")))
            return replace(progress, failure=failure)
        case "end":
            return replace(progress, ended=str(event.get("state", "")))
        case _:
            return progress


def _planned(progress: Progress, event: dict[str, object]) -> Progress:
    """Start over from a (re)start: steps after the resumed one were never learned from."""
    plan = Plan(
        steps=_int(event, "steps"),
        epochs=_int(event, "epochs"),
        rows=_int(event, "rows"),
        train_tokens=_int(event, "train_tokens"),
        parameters=_int(event, "parameters"),
        device=str(event.get("device", "")),
        dtype=str(event.get("dtype", "")),
    )
    resumed = _int(event, "resumed_step")
    return replace(
        progress,
        plan=plan,
        step=resumed,
        losses=_until(progress.losses, resumed),
        rates=_until(progress.rates, resumed),
        grad_norms=_until(progress.grad_norms, resumed),
        validation=_until(progress.validation, resumed),
        by_role={role: _until(points, resumed) for role, points in progress.by_role.items()},
        failure=None,
        ended=None,
    )


def _stepped(progress: Progress, event: dict[str, object]) -> Progress:
    step, time = _int(event, "step"), _float(event, "time")

    def grown(points: tuple[Point, ...], name: str) -> tuple[Point, ...]:
        known = event.get(name) is not None
        return (*points, Point(step, _float(event, name), time)) if known else points

    memory = event.get("memory_bytes")
    return replace(
        progress,
        step=step,
        epoch=_float(event, "epoch"),
        losses=grown(progress.losses, "loss"),
        rates=grown(progress.rates, "lr"),
        grad_norms=grown(progress.grad_norms, "grad_norm"),
        tokens_per_second=_float(event, "tokens_per_second"),
        memory_bytes=int(memory) if isinstance(memory, int | float) else None,
    )


def _validated(progress: Progress, event: dict[str, object]) -> Progress:
    step, time = _int(event, "step"), _float(event, "time")
    by_role = dict(progress.by_role)
    roles = event.get("by_role")
    for role, value in (roles if isinstance(roles, dict) else {}).items():
        if isinstance(value, int | float):
            by_role[role] = (*by_role.get(role, ()), Point(step, float(value), time))
    point = Point(step, _float(event, "loss"), time)
    return replace(progress, validation=(*progress.validation, point), by_role=by_role)


def _until(points: tuple[Point, ...], step: int) -> tuple[Point, ...]:
    return tuple(point for point in points if point.step <= step)


def _int(event: dict[str, object], name: str) -> int:
    value = event.get(name, 0)
    return int(value) if isinstance(value, int | float) else 0


def _float(event: dict[str, object], name: str) -> float:
    value = event.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
