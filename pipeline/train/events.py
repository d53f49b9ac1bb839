"""Reading a run's events: where it is, and its curves. By byte offset, whole lines only."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.launches import read_events
from pipeline.said import Said
from pipeline.train.steps import Steps

_FEWEST_STEPS = 20
_STEP_EVENT = b'"kind": "step"'


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

    @property
    def steps_an_epoch(self) -> int:
        """How many steps go once over all the rows."""
        return max(1, self.steps // max(self.epochs, 1))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the worker gave up, in its own words."""

    error: str
    message: Said


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model answered to a fixed prompt while it trained."""

    step: int
    prompt: str
    text: str
    is_cut: bool = False
    """Whether the answer went on beyond what was asked for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything the events of a run say, up to `offset`."""

    offset: int = 0
    phase: str = ""
    """`loading`, `training` or `saving`."""
    plan: Plan | None = None
    resumed_step: int = 0
    """The step that the latest start went on from."""
    steps: Steps = field(default_factory=Steps)
    validation: tuple[Point, ...] = ()
    by_role: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    checkpoints: tuple[tuple[int, str], ...] = ()
    warnings: tuple[Said, ...] = ()
    failure: Failure | None = None
    ended: str | None = None
    """`finished` or `stopped` once the terminal event is there."""
    reason: str = ""
    """Why it ended: `done`, `early_stop`, `pause` or `stop`."""
    adapter_step: int | None = None
    """The step of the adapter that it ended with."""
    last_time: float | None = None

    @property
    def step(self) -> int:
        """The newest step that is done."""
        return self.steps.step[-1] if self.steps.step else self.resumed_step

    @property
    def epoch(self) -> float:
        """How often all rows were gone over."""
        return self.steps.last("epoch") or 0.0

    @property
    def losses(self) -> tuple[Point, ...]:
        """The loss of each step."""
        told = zip(self.steps.step, self.steps.columns["loss"], self.steps.time, strict=True)
        return tuple(Point(step, loss, time) for step, loss, time in told)

    @property
    def share(self) -> float:
        """How much of the planned steps is done, 0 to 1."""
        return min(self.step / self.plan.steps, 1.0) if self.plan and self.plan.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time the remaining steps will take at the recent pace; None before two steps.

        Only the steps since the last start count, so it is right after a resume too; and those of
        a whole pass, so that its validation and its checkpoint are counted in.
        """
        if self.plan is None:
            return None
        most = max(_FEWEST_STEPS, self.plan.steps_an_epoch)
        pace_s = self.steps.pace_s(self.resumed_step, most)
        return None if pace_s is None else max(self.plan.steps - self.step, 0) * pace_s


def read(path: Path, since: Progress | None = None, *, recent: int | None = None) -> Progress:
    """Return the progress after all whole lines of `path`, going on from an earlier reading.

    With `recent` given, only so many of the last steps are read, and all that is no step: enough
    for a line in a table, and many times as quick. What was read so has no whole curve.
    DoesNotHold where a line is damaged.
    """
    progress = since or Progress()
    events, offset = read_events(path, progress.offset, newest=recent, of=_STEP_EVENT)
    if offset == progress.offset:
        return progress
    steps = progress.steps.copy()
    for event in events:
        if event.get("kind") == "step":
            steps.add(event, resumed_step=progress.resumed_step)
            continue
        if event.get("kind") == "plan":
            # A (re)start: steps after the resumed one were never learned from.
            steps = steps.until(_int(event, "resumed_step"))
        progress = _after(progress, event)
    last_time = _float(events[-1], "time") if events else progress.last_time
    return replace(progress, steps=steps, offset=offset, last_time=last_time)


def _after(progress: Progress, event: dict[str, object]) -> Progress:
    match event.get("kind"):
        case "state":
            phase = str(event.get("state", ""))
            if phase == "loading":  # A start: what an earlier process died of is over.
                return replace(progress, phase=phase, failure=None, ended=None)
            return replace(progress, phase=phase)
        case "plan":
            return _planned(progress, event)
        case "validation":
            return _validated(progress, event)
        case "sample":
            prompt, text = str(event.get("prompt", "")), str(event.get("text", ""))
            said = Sample(_int(event, "step"), prompt, text, bool(event.get("is_cut")))
            return replace(progress, samples=(*progress.samples, said))
        case "checkpoint":
            made = (_int(event, "step"), str(event.get("folder", "")))
            return replace(progress, checkpoints=(*progress.checkpoints, made))
        case "warning":
            warning = Said.from_json(event)
            is_new = warning not in progress.warnings  # A resumed run says the same again.
            return replace(progress, warnings=(*progress.warnings, warning)) if is_new else progress
        case "error":
            failure = Failure(str(event.get("error", "unknown")), Said.from_json(event))
            return replace(progress, failure=failure)
        case "end":
            return _ended(progress, event)
        case _:
            return progress


def _planned(progress: Progress, event: dict[str, object]) -> Progress:
    """Take a (re)start in: nothing after the step that it goes on from was kept."""
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
    last = resumed or -1  # From the very start, the validation before the first step comes again.
    return replace(
        progress,
        plan=plan,
        resumed_step=resumed,
        validation=_until(progress.validation, last),
        by_role={role: _until(points, last) for role, points in progress.by_role.items()},
        samples=tuple(said for said in progress.samples if said.step <= last),
        checkpoints=tuple(made for made in progress.checkpoints if made[0] <= last),
        failure=None,
        ended=None,
        reason="",
        adapter_step=None,
    )


def _ended(progress: Progress, event: dict[str, object]) -> Progress:
    kept = event.get("adapter_step")
    return replace(
        progress,
        ended=str(event.get("state", "")),
        reason=str(event.get("reason", "")),
        adapter_step=kept if isinstance(kept, int) else None,
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
