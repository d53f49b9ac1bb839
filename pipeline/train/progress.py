"""How far a run is, from its events: the latest figures, the time so far and the time left.

It takes events in as they come, so that a long run is read once and not at every look. What the
state of the run is, it does not know: that needs the process too (`pipeline.train.jobs`).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.train.curve import Curve

Event = dict[str, object]
RECENT_STEPS = 40
"""Steps over which the pace is measured: rows differ in length, so a few tell little."""
LEAST_STEPS = 3


@dataclass(slots=True)
class Progress:
    """The figures of a run as its events tell them; None where they have not told it yet."""

    curve: Curve = field(default_factory=Curve)
    phase: str = ""
    """`loading`, `training` or `saving`: what the worker said last."""
    steps: int = 0
    epochs: float = 0
    rows: int = 0
    device: str = ""
    dtype: str = ""
    step: int = 0
    epoch: float = 0.0
    loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    memory_bytes: int | None = None
    validation_loss: float | None = None
    checkpoint_step: int | None = None
    error_kind: str = ""
    error_message: str = ""
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """From the first to the last event of each start, added up."""
    _last_time: float | None = None
    _recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RECENT_STEPS))

    def take(self, events: Iterable[Event]) -> None:
        """Take events in, in their order; fields of a newer worker are passed over."""
        for event in events:
            self._take_time(event)
            take = _TAKERS.get(str(event.get("kind")))
            if take is not None:
                take(self, event)
            self.curve.take((event,))

    @property
    def seconds_left(self) -> float | None:
        """How long the remaining steps take at the pace of the latest ones."""
        if len(self._recent) < LEAST_STEPS or not self.steps:
            return None
        (first, began), (last, ended) = self._recent[0], self._recent[-1]
        return max(0.0, (self.steps - last) * (ended - began) / (last - first))

    def _take_time(self, event: Event) -> None:
        time = _number(event.get("time"))
        if time is None:
            return
        is_new_start = event.get("kind") == "state" and event.get("state") == "loading"
        if is_new_start or self._last_time is None:
            self._recent.clear()
        else:
            self.seconds += max(0.0, time - self._last_time)
        self._last_time = time

    def _take_state(self, event: Event) -> None:
        self.phase = str(event.get("state", ""))
        if self.phase == "loading":
            self.error_kind, self.error_message = "", ""

    def _take_plan(self, event: Event) -> None:
        self.steps = int(_number(event.get("steps")) or 0)
        self.epochs = _number(event.get("epochs")) or 0
        self.rows = int(_number(event.get("rows")) or 0)
        self.device, self.dtype = str(event.get("device", "")), str(event.get("dtype", ""))

    def _take_step(self, event: Event) -> None:
        self.step = int(_number(event.get("step")) or self.step)
        self.epoch = _number(event.get("epoch")) or self.epoch
        self.loss = _number(event.get("loss"))
        self.learning_rate = _number(event.get("lr"))
        self.tokens_per_second = _number(event.get("tokens_per_second"))
        memory = _number(event.get("memory_bytes"))
        self.memory_bytes = None if memory is None else int(memory)
        time = _number(event.get("time"))
        if time is not None and (not self._recent or self.step > self._recent[-1][0]):
            self._recent.append((self.step, time))

    def _take_validation(self, event: Event) -> None:
        self.validation_loss = _number(event.get("loss"))

    def _take_checkpoint(self, event: Event) -> None:
        step = _number(event.get("step"))
        self.checkpoint_step = None if step is None else int(step)

    def _take_warning(self, event: Event) -> None:
        self.warnings.append(str(event.get("message", "")))

    def _take_error(self, event: Event) -> None:
        self.error_kind = str(event.get("error", "unknown"))
        self.error_message = str(event.get("message", ""))


_TAKERS = {
    "state": Progress._take_state,
    "plan": Progress._take_plan,
    "step": Progress._take_step,
    "validation": Progress._take_validation,
    "checkpoint": Progress._take_checkpoint,
    "warning": Progress._take_warning,
    "error": Progress._take_error,
}


def _number(value: object) -> float | None:
    """Return a finite number; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if value != value or abs(value) == float("inf") else float(value)
