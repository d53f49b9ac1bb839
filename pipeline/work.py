"""How far a worker is that answers questions: a function of its folder and of whether it lives.

Evaluations and what a base is asked before training share this: `launch.json`, `events.jsonl`,
`stop.request`, `exit.json`, `result.json`, and `queue.json` while it waits. What was asked it does
not know.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline import processes
from pipeline.jsonio import read_json, read_lines
from pipeline.queue import entry as queue
from pipeline.queue.entry import Entry

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
    message: str


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
    warnings: tuple[str, ...] = ()
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
        """Whether answers may still come."""
        return self.state in ACTIVE


def read(folder: Path, since: Progress | None = None, *, untold: str = "") -> Work:
    """Read a folder; with an earlier progress only the new events are read.

    `untold` are the words for a worker that was ended before it could say why; by default those for
    one whose answers are kept.
    """
    # The process is looked at before the events: what it wrote last is then always seen.
    entry, launch = queue.standing(folder)
    is_at_work = processes.is_at_work(folder, launch)
    progress = _events(folder / "events.jsonl", since or Progress())
    state: State
    if entry:
        state = "failed" if entry.fault else "queued"
    elif launch is None:
        state = "cancelled"
    elif is_at_work:
        state = _alive(folder, is_heard=progress.offset > launch.events_offset)
    else:
        state = _ended(folder, progress)
    return Work(
        state=state,
        progress=progress,
        failure=_failure(folder, progress, entry, untold) if state == "failed" else None,
        started_at=launch.started_at if launch and not entry else None,
    )


def _alive(folder: Path, *, is_heard: bool) -> State:
    """The state while the process lives; events from before this start say nothing about it."""
    if not is_heard:
        return "starting"
    return "stopping" if (folder / "stop.request").exists() else "running"


def _ended(folder: Path, progress: Progress) -> State:
    """The state without a process: only the terminal event and the result make it a good end."""
    has_result = _has_result(folder)
    if progress.ended == "finished" and has_result:
        return "finished"
    return "stopped" if progress.ended == "stopped" and has_result else "failed"


def _has_result(folder: Path) -> bool:
    try:
        read_json(folder / "result.json")
    except (FileNotFoundError, ValueError):
        return False
    return True


def _events(path: Path, since: Progress) -> Progress:
    events, offset = read_lines(path, since.offset)
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
            said = str(event.get("message", ""))
            is_new = said not in progress.warnings
            return replace(progress, warnings=(*progress.warnings, said)) if is_new else progress
        case "error":
            failure = Failure(str(event.get("error", "unknown")), str(event.get("message", "")))
            return replace(progress, failure=failure)
        case "end":
            return replace(progress, ended=str(event.get("state", "")))
        case _:
            return progress


def _failure(folder: Path, progress: Progress, entry: Entry | None, untold: str) -> Failure:
    if entry:
        return Failure("start", entry.fault)
    if progress.failure:
        return progress.failure
    ended = processes.read_exit(folder)
    if untold:
        return Failure("signal" if ended and ended.signal else "lost", untold)
    if ended and ended.signal_name == "SIGKILL":
        return Failure(
            "signal",
            "The process was killed by signal 9 (SIGKILL). If nobody did this by hand, the system "
            "ran out of memory: ask with less batch_tokens. The answers so far are kept.",
        )
    if ended and ended.signal_name:
        return Failure("signal", f"The process was ended by the signal {ended.signal_name}.")
    if ended:
        return Failure("exit", f"The process ended with exit code {ended.code}; see its log.")
    return Failure(
        "lost",
        "The process is gone and nothing recorded how it ended: the machine was restarted, or the "
        "folder belongs to another machine. Resume to go on; the answers so far are kept.",
    )
