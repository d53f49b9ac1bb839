"""What the queue's section reacts with: what waits, why, when it may start; moving and cancelling.

The order and the reasons come from `pipeline.queue`; the times are guessed from earlier runs.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state, watching
from dashboard.format import duration
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import plain, t
from pipeline.chat import server
from pipeline.chat.server import Server
from pipeline.errors import DoesNotHold
from pipeline.evaluate import state as evaluations
from pipeline.merge import config as merges
from pipeline.probe import config as probes
from pipeline.queue import changes, line, supervise
from pipeline.queue.changes import Move
from pipeline.queue.line import Job, Line, Waiting
from pipeline.train import config
from pipeline.train.devices import overlap
from pipeline.train.preflight import epoch_rows

CHAT = "launch_chat"
CHAT_CHOICES = ("unload", "keep")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue, in words."""

    waiting: Waiting
    title: str
    why: str
    start: str
    """When it may start, or that this cannot be said yet; empty where it waits for nobody."""
    can_rise: bool
    can_fall: bool

    @property
    def key(self) -> str:
        """What its widgets are told apart by."""
        return f"{self.waiting.job.kind}_{self.waiting.job.id}"


def read() -> Line:
    """Return the queue as it is now; a supervisor that was lost is started again."""
    supervise.ensure(state.workspace())
    return line.read(state.workspace())


def waiting_count() -> int:
    """Return how many jobs wait."""
    return len(line.read(state.workspace()).waiting)


def rows(found: Line) -> tuple[Row, ...]:
    """Return the waiting jobs in order, in words."""
    starts = _starts(found)
    lines = []
    for place, each in enumerate(found.waiting):
        device = each.entry.worker.device
        rivals = [
            other
            for other, rival in enumerate(found.waiting)
            if overlap(rival.entry.worker.device, device) and rival.entry.host == each.entry.host
        ]
        lines.append(
            Row(
                waiting=each,
                title=_title(each.job),
                why=_why(each),
                start=_start_words(starts.get(each.job)) if each.behind else "",
                can_rise=place != rivals[0],
                can_fall=place != rivals[-1],
            )
        )
    return tuple(lines)


def name(job: Job) -> str:
    """Name a job: run 7, evaluation 2, question round 1, merge 3."""
    return plain(f"queue.name_{job.kind}", number=str(job.id))


def in_the_way(device: str) -> Server | None:
    """Return the chat server that holds a model on a device."""
    for each in server.list_servers(state.workspace()):
        if each.is_live and overlap(each.config.device, device):
            return each
    return None


def is_to_give_way(device: str) -> bool:
    """Say whether chat holds a model on a device and the person lets the run end it."""
    return st.session_state.get(CHAT) == "unload" and in_the_way(device) is not None


@reaction
def move(folder: Path, to: Move) -> None:
    """Move what waits in a folder."""
    changes.move(state.workspace(), folder, to)


@reaction
def cancel(job: Job) -> None:
    """Take a job out of the queue; it can be queued again from its own page."""
    if not changes.cancel(state.workspace(), job.folder):
        raise changes.NotWaiting(job.folder)
    done(t("queue.cancelled", name=name(job)))


def _why(each: Waiting) -> str:
    behind = ", ".join(name(job) for job in each.behind)
    return plain(
        f"queue.why_{each.reason}",
        behind=behind,
        device=each.entry.worker.device,
        host=each.entry.host,
    )


def _start_words(seconds: float | None) -> str:
    if seconds is None:
        return plain("queue.start_unknown")
    return plain("queue.start_in", time=duration(seconds))


def _title(job: Job) -> str:
    try:
        if job.kind == "run":
            return config.read(job.folder).title
        if job.kind == "evaluation":
            asked = evaluations.read(job.folder)
            return plain(
                "queue.title_evaluation",
                export=Path(asked.config.export).name,
                runs=", ".join(map(str, asked.run_ids)),
            )
        if job.kind == "merge":
            return plain("queue.title_merge", name=Path(merges.read(job.folder).out).name)
        return plain("queue.title_probe", base=Path(probes.read(job.folder).base).name)
    except DoesNotHold:
        return "–"


def _starts(found: Line) -> dict[Job, float | None]:
    """Guess in how many seconds each waiting job starts; None where something ahead is unknown."""
    free: dict[str, float | None] = {}
    for working in found.working:
        for device in working.devices:
            free[device] = _left(working.job)
    starts: dict[Job, float | None] = {}
    for each in found.waiting:
        if each.reason in ("host", "missing"):
            continue
        known = [free.get(device, 0.0) for device in each.devices]
        start = None if None in known else max(s for s in known if s is not None)
        starts[each.job] = start
        lasts = _lasts(each.job)
        for device in each.devices:
            free[device] = None if start is None or lasts is None else start + lasts
    return starts


def _left(job: Job) -> float | None:
    """How long a working job will still take."""
    if job.kind != "run":
        return None  # Answers differ too much in length to say.
    run = watching.read(job.id)
    left = run.progress.seconds_left
    return left if left is not None else _lasts(job)


def _lasts(job: Job) -> float | None:
    """How long a job will take, judging by an earlier run of the same model on the same device."""
    if job.kind != "run":
        return None
    try:
        plan = config.read(job.folder)
    except DoesNotHold:
        return None
    pace_s = _seconds_per_row(plan.model, plan.device)
    return pace_s * epoch_rows(plan.data) * plan.settings.epochs if pace_s else None


def _seconds_per_row(model: str, device: str) -> float | None:
    """A row once through the model, with everything else of such a run spread over its rows."""
    for run in watching.listed():
        took, planned = watching.seconds(run), run.progress.plan
        is_like_it = run.config.model == model and run.config.device == device
        if not is_like_it or run.progress.resumed_step or run.progress.epoch < 1:
            continue
        if took and planned and planned.rows:
            return took / (planned.rows * run.progress.epoch)
    return None
