"""Trains one run on a Ray cluster: `python -m pipeline.workers.remote RUN_FOLDER`.

To this machine it is the run's worker: it is watched, stopped and resumed as one that trains here.
It sends the run to the cluster, writes down what happens there as if it happened here, passes a
stop on, and puts the adapter into the folder. Started again it finds the job it had sent. A run
that is to end unsaved it ends there, and leaves.
"""

import contextlib
import json
import logging
import time
import uuid
from pathlib import Path

from pipeline.errors import DoesNotHold, PipelineError
from pipeline.jsonio import read_json, read_lines, write_json
from pipeline.launches import DISCARD
from pipeline.said import Said
from pipeline.train import config as configs
from pipeline.train import parcel
from pipeline.train.checkpoints import clear_halves
from pipeline.train.cluster import Cluster, Job, cluster_of
from pipeline.workers.events import Events
from pipeline.workers.process import ShouldStop, run, start, unexpected
from pipeline.workspace import REPOSITORY

logger = logging.getLogger(__name__)

ENTRY = "python -m pipeline.workers.on_cluster"
_POLL_S = 1.0
_LAST = ("end", "error")
"""Events after which nothing more comes of a job."""


class JobFailed(PipelineError):
    """The job ended on the cluster and nothing that Graft prints said why."""

    def __init__(self, job: Job | None) -> None:
        lines = job.message.strip().splitlines() if job else []
        super().__init__(
            "The job on the cluster is {status} ({reason}). What it printed is in the log. Resume "
            "to send the run again.",
            status=job.status if job else Said("gone"),
            reason=lines[-1] if lines else Said("no reason was given"),
        )


def follow(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Send the run, or find it again, and take in what the cluster says until it is over."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    cluster = cluster_of(configs.read(folder).device)
    events.tell("state", state="loading")
    clear_halves(folder)
    job = _found(folder, cluster) or _sent(folder, cluster)
    taking = _Taking(folder, job, events)
    is_stopped, known = False, 0
    while not taking.is_done:
        if (folder / DISCARD).exists():
            taking.give_up()
            _discard(folder, cluster, job, events)
            return
        # Until the job has said something it may not know yet what to do with a signal.
        if should_stop() and not is_stopped and taking.has_begun:
            cluster.stop(job)
            is_stopped = True
        # Asked for before its lines: all that an ended job has printed is then there.
        told = cluster.job(job)
        lines = cluster.printed(job) if told else []
        for line in lines[known:]:
            taking.take(line)
        known = len(lines)
        if (told is None or told.is_over) and not taking.is_done:
            taking.give_up()
            if taking.has_failed:
                break
            raise JobFailed(told)
        time.sleep(_POLL_S)
    if taking.has_failed:
        raise SystemExit(1)  # Why is told already: the cluster's own `error` event.


def _found(folder: Path, cluster: Cluster) -> str | None:
    """Return the job that an earlier start of this run sent, where it still is at work.

    One that has told its end is over, though its process takes a while to go.
    """
    try:
        job = str(read_json(folder / "cluster.json")["job"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    events, _ = read_lines(folder / "events.jsonl")
    if any(event.get("job") == job and event.get("kind") in _LAST for event in events):
        return None
    told = cluster.job(job)
    return job if told and not told.is_over else None


def _sent(folder: Path, cluster: Cluster) -> str:
    package = parcel.pack(folder, REPOSITORY)
    logger.info("Sending %.1f MB to the cluster", len(package) / 1e6)
    uri = cluster.upload(package)
    job = f"graft-{folder.name}-{uuid.uuid4().hex[:12]}"
    # Before the job exists, so that no instant leaves one that nobody would find again.
    write_json(folder / "cluster.json", {"address": cluster.address, "job": job})
    cluster.submit(job, ENTRY, uri, {"RAY_USAGE_STATS_ENABLED": "0", "HF_HUB_OFFLINE": "1"})
    return job


def _discard(folder: Path, cluster: Cluster, job: str, events: Events) -> None:
    """End the job and forget it: what it still saves on its way out comes back to nobody."""
    try:
        cluster.stop(job)
        (folder / "cluster.json").unlink(missing_ok=True)
    except PipelineError as error:
        said = Said(
            "The job {job} may still be at work on the cluster: {error} End it there (ray job stop "
            "{job}), or resume: the run then goes on with it.",
            job=job,
            error=error,
        )
        events.tell("warning", **said.as_json())


class _Taking:
    """Sorts a job's lines: events into the run's, files into its folder, the rest to the log."""

    def __init__(self, folder: Path, job: str, events: Events) -> None:
        self._job, self._events = job, events
        self._arriving = parcel.Unpacking(folder)
        told, _ = read_lines(folder / "events.jsonl")
        self._known = sum(event.get("job") == job for event in told)
        """Events of this job that an earlier start of this process wrote down."""
        self._seen = 0
        self._last: dict[str, object] | None = None
        self.has_failed, self.is_done = False, False

    @property
    def has_begun(self) -> bool:
        """Whether the job has told an event."""
        return self._seen > 0

    def take(self, line: str) -> None:
        if line.startswith(parcel.EVENT):
            self._event(json.loads(line.removeprefix(parcel.EVENT)))
        elif line.startswith((parcel.FILE, parcel.DATA)):
            self._arriving.take(line)
        elif line.startswith(parcel.DONE):
            self._arriving.finish()
            if self._last:
                self._tell(self._last)
            self.is_done = True
        else:
            logger.info("%s", line)

    def give_up(self) -> None:
        self._arriving.give_up()

    def _event(self, event: dict[str, object]) -> None:
        self._seen += 1
        self.has_failed = self.has_failed or event.get("kind") == "error"
        if event.get("kind") == "end":  # The result has to lie in the folder first.
            self._last = event
        elif self._seen > self._known:
            self._tell(event)

    def _tell(self, event: dict[str, object]) -> None:
        """Tell an event at the time it came: the cluster's clock may differ."""
        fields = {name: value for name, value in event.items() if name not in {"kind", "time"}}
        self._events.tell(str(event["kind"]), **fields, job=self._job)


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Have one run trained on its cluster; the exit code is 0 unless it failed."""
    with contextlib.suppress(SystemExit):
        return run(folder, follow, _explained, is_terminated)
    return 1


def _explained(error: Exception) -> tuple[str, Said]:
    match error:
        case DoesNotHold():
            return "data", error.said
        case PipelineError():
            return "cluster", error.said
        case _:
            return unexpected(error)


if __name__ == "__main__":
    start(main)
