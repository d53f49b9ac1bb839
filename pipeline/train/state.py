"""The state of a run: a pure function of its folder and of whether the recorded process lives."""

import socket
from dataclasses import dataclass
from pathlib import Path

from pipeline import processes
from pipeline.jsonio import read_json
from pipeline.launches import DISCARD
from pipeline.processes import Launch
from pipeline.queue.entry import Entry
from pipeline.said import Said
from pipeline.train import advice, checkpoints, config, events, notes
from pipeline.train.config import TrainConfig
from pipeline.train.events import Progress
from pipeline.train.notes import Notes
from pipeline.work import ACTIVE, Standing, State

__all__ = ["ACTIVE", "Run", "RunFailure", "State", "read"]

LOG_NAME = "train.log"
PAUSE_NAME = "pause.request"
_CRASHES = frozenset({"SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"})


@dataclass(frozen=True, slots=True)
class RunFailure:
    """Why a run failed, for a person: facts first, then the last lines of its log."""

    error: str
    """A class of the `error` event, or `start`, `signal`, `exit`, `lost` where the worker said
    nothing."""
    message: Said
    signal: str | None
    exit_code: int | None
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its folder tells it now."""

    id: int
    folder: Path
    config: TrainConfig
    state: State
    progress: Progress
    failure: RunFailure | None
    result: dict[str, object] | None
    started_at: float | None
    """Seconds since the epoch; of the latest start where it was resumed."""
    pid: int | None
    notes: Notes

    @property
    def title(self) -> str:
        """What the run is called: by a person, else as it was launched."""
        return self.notes.title or self.config.title

    @property
    def is_active(self) -> bool:
        """Whether something may still happen to this run by itself."""
        return self.state in ACTIVE

    @property
    def is_pausing(self) -> bool:
        """Whether it was asked to save and end once the epoch at hand is done."""
        return self.state == "running" and (self.folder / PAUSE_NAME).exists()

    @property
    def is_discarded(self) -> bool:
        """Whether it was asked, since its latest start, to end without saving."""
        return (self.folder / DISCARD).exists()

    @property
    def can_resume(self) -> bool:
        """Whether the run ended before its last step, or never began."""
        return self.state in {"stopped", "failed", "cancelled"}

    @property
    def adapter(self) -> Path | None:
        """The folder of the adapter that the run stands for, None until it is whole.

        The one it ended with, or that of the checkpoint which a person chose.
        """
        return checkpoints.adapter_of(self.folder)


def read(folder: Path, since: Progress | None = None, *, recent: int | None = None) -> Run:
    """Read a run's folder; with an earlier progress only the new events are read.

    With `recent` given only so many of the newest steps: see `events.read`.
    DoesNotHold if the folder has no readable config or events.
    """
    standing = Standing.of(folder)
    progress = events.read(folder / "events.jsonl", since, recent=recent)
    result = _result(folder)
    frozen = config.read(folder)
    state = standing.state(progress, has_result=result is not None)
    is_failed = state == "failed"
    return Run(
        id=int(folder.name),
        folder=folder,
        config=frozen,
        state=state,
        progress=progress,
        failure=_failure(folder, frozen, progress, standing.entry) if is_failed else None,
        result=result,
        started_at=standing.started_at,
        pid=standing.launch.pid if standing.launch and standing.is_alive else None,
        notes=notes.read(folder),
    )


def _failure(
    folder: Path, frozen: TrainConfig, progress: Progress, entry: Entry | None
) -> RunFailure:
    if entry and entry.fault:
        return RunFailure("start", entry.fault, None, None, processes.log_tail(folder / LOG_NAME))
    ended = processes.read_exit(folder)
    signal_name = ended.signal_name if ended else None
    code = ended.code if ended else None
    log = processes.log_tail(folder / LOG_NAME)
    if progress.failure:
        return RunFailure(progress.failure.error, progress.failure.message, signal_name, code, log)
    if signal_name:
        return RunFailure("signal", _signal_words(signal_name, frozen), signal_name, code, log)
    if code is not None:
        message = Said(
            "The process ended with exit code {code} and said nothing of why; see its log.",
            code=code,
        )
        return RunFailure("exit", message, None, code, log)
    return RunFailure("lost", _lost_words(processes.read_launch(folder)), None, None, log)


def _signal_words(name: str, frozen: TrainConfig) -> Said:
    if name == "SIGKILL":
        return Said(
            "The process was killed by signal 9 (SIGKILL). If nobody did this by hand, the system "
            "ran out of memory. {cure}",
            cure=advice.less_memory(frozen.settings, frozen.device),
        )
    if name in _CRASHES:
        return Said(
            "The process crashed ({name}): a fault of a driver, a library or the memory "
            "itself, not of your settings. See the last lines of the log, then resume.",
            name=name,
        )
    return Said("The process was ended by the signal {name}. Resume to go on.", name=name)


def _lost_words(launch: Launch | None) -> Said:
    if launch and launch.host != socket.gethostname():
        return Said(
            "It was started on {host}, and from {here} nobody can tell whether it still "
            "runs there. Look there; once it has ended, resume it here.",
            host=launch.host,
            here=socket.gethostname(),
        )
    if launch and launch.boot_id != processes.boot_id():
        return Said(
            "This machine was restarted while it ran. Resume to go on from the last checkpoint."
        )
    return Said(
        "The process is gone and nothing recorded how it ended: its watcher was killed "
        "too. Resume to go on from the last checkpoint."
    )


def _result(folder: Path) -> dict[str, object] | None:
    try:
        return read_json(folder / "result.json")
    except (FileNotFoundError, ValueError):
        return None
