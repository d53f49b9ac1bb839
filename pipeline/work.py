"""How far a worker is: a function of its folder and of whether it lives.

Everything that works in a folder shares this: `launch.json`, `events.jsonl`, `stop.request`,
`exit.json`, `result.json`, and `queue.json` while it waits. What is worked at it does not know; a
run tells its events in a way of its own, and only the rule for its state is the same.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from pipeline import processes
from pipeline.jsonio import read_json
from pipeline.launches import DISCARD, STOP, read_events
from pipeline.processes import Launch
from pipeline.queue import entry as queue
from pipeline.queue.entry import Entry
from pipeline.said import Said

State = Literal[
    "queued", "starting", "running", "stopping", "finished", "stopped", "failed", "cancelled"
]
ACTIVE: tuple[State, ...] = ("queued", "starting", "running", "stopping")
RESUMABLE: tuple[State, ...] = ("stopped", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a worker failed, for a person."""

    error: str
    """A class of the `error` event, or `start`, `signal`, `exit`, `lost` where it said nothing."""
    message: Said


@dataclass(frozen=True, slots=True)
class Progress:
    """What the events say, up to byte `offset`."""

    offset: int = 0
    phase: str = ""
    """`loading` or `asking`."""
    done: int = 0
    """Answers that are there."""
    model: str = ""
    """The model that is asked now: `base`, or a run's number as text."""
    warnings: tuple[Said, ...] = ()
    failure: Failure | None = None
    ended: str | None = None
    last_time: float = 0.0
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a folder tells of its worker now."""

    state: State
    progress: Progress
    failure: Failure | None
    started_at: float | None
    """Seconds since the epoch; of the latest start where it was resumed."""

    @property
    def is_active(self) -> bool:
        """Whether it is at work, or will be by itself."""
        return self.state in ACTIVE

    @property
    def is_finished(self) -> bool:
        """Whether it has done all that was asked for."""
        return self.state == "finished"


class Told(Protocol):
    """What the state of a worker depends on among all that its events say."""

    @property
    def offset(self) -> int: ...
    @property
    def failure(self) -> object | None: ...
    @property
    def ended(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits in a folder and what was started there last.

    Taken before the events are read: what a process wrote last is then always seen.
    """

    folder: Path
    entry: Entry | None
    launch: Launch | None
    is_alive: bool
    is_at_work: bool

    @classmethod
    def of(cls, folder: Path) -> "Standing":
        """Look at a folder as it is now."""
        entry, launch = queue.standing(folder)
        is_alive = processes.is_alive(launch)
        return cls(folder, entry, launch, is_alive, processes.is_at_work(folder, launch))

    def state(self, told: Told, *, has_result: bool) -> State:
        """Say what it does, by what its events told after this look."""
        if self.entry:
            return "failed" if self.entry.fault else "queued"
        if self.launch is None:
            return "cancelled"
        if not self.is_at_work:  # Only the terminal event and the result make it a good end.
            if has_result and told.ended in ("finished", "stopped"):
                return "finished" if told.ended == "finished" else "stopped"
            is_discarded = (self.folder / DISCARD).exists() and not told.failure
            return "cancelled" if is_discarded else "failed"
        if told.offset <= self.launch.events_offset:
            return "starting"  # Events from before this start say nothing about it.
        if told.failure:
            return "failed"
        is_asked = any((self.folder / request).exists() for request in (STOP, DISCARD))
        return "stopping" if is_asked else "running"

    @property
    def started_at(self) -> float | None:
        """When it was started, in seconds since the epoch; None while it waits to be."""
        return self.launch.started_at if self.launch and not self.entry else None


def read(folder: Path, since: Progress | None = None, *, untold: Said | None = None) -> Work:
    """Read a folder; with an earlier progress only the new events are read.

    DoesNotHold if its events cannot be read. `untold` are the words for a worker that was ended
    before it could say why; by default those for one whose answers are kept.
    """
    standing = Standing.of(folder)
    progress = _events(folder / "events.jsonl", since or Progress())
    state = standing.state(progress, has_result=_has_result(folder))
    is_failed = state == "failed"
    return Work(
        state=state,
        progress=progress,
        failure=_failure(folder, progress, standing.entry, untold) if is_failed else None,
        started_at=standing.started_at,
    )


def _has_result(folder: Path) -> bool:
    try:
        read_json(folder / "result.json")
    except (FileNotFoundError, ValueError):
        return False
    return True


def _events(path: Path, since: Progress) -> Progress:
    events, offset = read_events(path, since.offset)
    progress = since
    for event in events:
        progress = _after(progress, event)
    return replace(progress, offset=offset)


def _after(progress: Progress, event: dict[str, object]) -> Progress:
    time, done = event.get("time"), event.get("done")
    progress = replace(
        progress,
        last_time=float(time) if isinstance(time, int | float) else progress.last_time,
        done=done if isinstance(done, int) else progress.done,
    )
    match event.get("kind"):
        case "state":
            phase = str(event.get("state", ""))
            if phase == "loading":  # A start: what an earlier process died of is over.
                return replace(progress, phase=phase, failure=None, ended=None)
            return replace(progress, phase=phase)
        case "progress":
            return replace(progress, model=str(event.get("model", "")))
        case "warning":
            said = Said.from_json(event)
            is_new = said not in progress.warnings
            return replace(progress, warnings=(*progress.warnings, said)) if is_new else progress
        case "error":
            failure = Failure(str(event.get("error", "unknown")), Said.from_json(event))
            return replace(progress, failure=failure)
        case "end":
            return replace(progress, ended=str(event.get("state", "")))
        case _:
            return progress


def _failure(folder: Path, progress: Progress, entry: Entry | None, untold: Said | None) -> Failure:
    if entry and entry.fault:
        return Failure("start", entry.fault)
    if progress.failure:
        return progress.failure
    ended = processes.read_exit(folder)
    if untold:
        return Failure("signal" if ended and ended.signal else "lost", untold)
    if ended and ended.signal_name == "SIGKILL":
        return Failure(
            "signal",
            Said(
                "The process was killed by signal 9 (SIGKILL). If nobody did this by hand, the "
                "system ran out of memory: ask with less batch_tokens. The answers so far are "
                "kept."
            ),
        )
    if ended and ended.signal_name:
        return Failure(
            "signal",
            Said("The process was ended by the signal {signal}.", signal=ended.signal_name),
        )
    if ended:
        return Failure(
            "exit", Said("The process ended with exit code {code}; see its log.", code=ended.code)
        )
    return Failure(
        "lost",
        Said(
            "The process is gone and nothing recorded how it ended: the machine was "
            "restarted, or the folder belongs to another machine. Resume to go on; the "
            "answers so far are kept."
        ),
    )
