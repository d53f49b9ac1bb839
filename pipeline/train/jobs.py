"""Launching, listing, stopping and resuming runs: on folders alone, without a database."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pipeline import disk, processes
from pipeline.errors import BadInput, DoesNotHold
from pipeline.launches import Worker
from pipeline.queue import changes, following, looking, supervise
from pipeline.queue import entry as queue
from pipeline.queue.entry import IN_TURN, Order
from pipeline.train import config, launchers, resuming, state
from pipeline.train.cluster import PREFIX, cluster_of
from pipeline.train.devices import Device, devices
from pipeline.train.request import LaunchRequest, check_export, check_model, freeze
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from store import runs
from store.db import Database
from store.record_types import RunRecord

RECENT_STEPS = 32
"""So many of a run's newest steps are enough for its line in a list."""


class NotRunning(DoesNotHold):
    """The run neither works nor waits, so there is nothing to end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__("Run {run.id} does not run: it is {run.state}.")


class NotResumable(BadInput):
    """The run is still active, or has finished."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__("Run {run.id} is {run.state}, so there is nothing to resume.")


def launch(workspace: Workspace, request: LaunchRequest, *, worker: str = "") -> Run:
    """Verify the export, freeze the config, queue the run for the worker that fits it, return it.

    It has started where its device is free, and is `queued` where not. Raises DeviceMissing,
    ClusterSilent, what `freeze` raises, and NoSpaceLeft; nothing of the run is then there.
    """
    known = _by_token(workspace, request.token)
    if known:
        return known
    device = _present(request.device)
    frozen = freeze(request, device.name)
    module = worker or launchers.worker(frozen)
    with queue.locked(workspace):
        known = _by_token(workspace, request.token)
        if known:
            return known
        order = Order(request.priority, request.shares_device, request.frees_device)
        with disk.new_folder(workspace.runs) as folder:
            queue.enter(workspace, folder, _worker(module, device.name), order)
            if frozen.evaluate_after:
                (folder / following.REQUEST).touch()
            config.write(folder, frozen)
    supervise.advance(workspace)
    return state.read(folder)


def read(workspace: Workspace, run_id: int) -> Run:
    """Return a run as its folder tells it now."""
    return state.read(workspace.run(run_id))


def listed(workspace: Workspace) -> tuple[Run, ...]:
    """Return every run, newest first; a folder without a readable config is left out.

    Of the steps of each only the newest are read: its whole curve is `read`'s.
    """
    read_short = partial(state.read, recent=RECENT_STEPS)
    return tuple(looking.all_of(workspace.runs, read_short))


def stop(workspace: Workspace, run_id: int) -> Run:
    """Ask a run to save and end, or take it out of the queue; returns at once.

    NotRunning if it neither runs nor waits.
    """
    folder = workspace.run(run_id)
    if not changes.cancel(workspace, folder) and not processes.request_stop(folder):
        raise NotRunning(state.read(folder))
    return state.read(folder)


def discard(workspace: Workspace, run_id: int) -> Run:
    """Have a run ended without saving, or take it out of the queue; returns at once.

    What was learned since its newest checkpoint is lost; all checkpoints stay, and it can be
    resumed from them. NotRunning if it neither runs nor waits.
    """
    folder = workspace.run(run_id)
    if not changes.cancel(workspace, folder) and not processes.request_discard(folder):
        raise NotRunning(state.read(folder))
    return state.read(folder)


def pause(workspace: Workspace, run_id: int, *, wanted: bool = True) -> Run:
    """Ask a run to save and end once the epoch at hand is done, or take that back.

    NotRunning if it does not run.
    """
    run = read(workspace, run_id)
    if not run.pid:
        raise NotRunning(run)
    request = run.folder / state.PAUSE_NAME
    request.touch() if wanted else request.unlink(missing_ok=True)
    return state.read(run.folder)


def resume(
    workspace: Workspace,
    run_id: int,
    *,
    checkpoint: str = "",
    assignments: Sequence[str] = (),
    worker: str = "",
) -> Run:
    """Queue a run again: it goes on from its last checkpoint, or from its start without one.

    From an earlier `checkpoint` (`step-N`) all later ones are deleted: what came after is learned
    again. `assignments` are `name=value` of settings that do not decide what is learned. Raises
    NotResumable, and what a launch raises.
    """
    run = read(workspace, run_id)
    if not run.can_resume:
        raise NotResumable(run)
    check_export(Path(run.config.export))
    check_model(Path(run.config.model))
    changed = resuming.with_changes(run.config, run_id, assignments)
    device = _present(run.config.device)
    module = worker or launchers.worker(run.config)
    with queue.locked(workspace), disk.told(workspace.runs):
        run = read(workspace, run_id)
        if not run.can_resume:
            raise NotResumable(run)
        if checkpoint:
            resuming.go_back(run.folder, checkpoint)
        if changed != run.config:
            config.write(run.folder, changed)
        queue.enter(workspace, run.folder, _worker(module, device.name), IN_TURN)
    supervise.advance(workspace)
    return state.read(run.folder)


def wait(
    workspace: Workspace, run_id: int, on_progress: Callable[[Run], None] | None = None
) -> Run:
    """Return the run once it is over, calling back whenever it has moved."""
    return looking.until_over(
        workspace,
        read(workspace, run_id),
        lambda seen: state.read(seen.folder, seen.progress),
        lambda seen: seen,
        on_progress,
    )


def register(db: Database, workspace: Workspace) -> int:
    """Index the run folders that the database does not know yet; one just deleted is left out."""
    found = []
    for run in listed(workspace):
        with suppress(FileNotFoundError):
            found.append(_record(run))
    return runs.add_missing(db, found)


def _worker(module: str, device: str) -> Worker:
    return Worker(
        module,
        log_name=state.LOG_NAME,
        grace_s=launchers.grace_s(module),
        parting_s=launchers.parting_s(module),
        device=device,
    )


def _present(name: str) -> Device:
    """Return a device that is there at this moment; raises DeviceMissing, ClusterSilent."""
    device = devices().get(name)
    if name.startswith(PREFIX):
        cluster_of(name).about()
    return device


def _by_token(workspace: Workspace, token: str) -> Run | None:
    if not token:
        return None
    return next((run for run in listed(workspace) if run.config.token == token), None)


def _record(run: Run) -> RunRecord:
    return RunRecord(
        id=run.id,
        folder=str(run.folder),
        title=run.config.title,
        export_name=Path(run.config.export).name,
        model=Path(run.config.model).name,
        parent_id=run.config.parent_run,
        created_at=datetime.fromtimestamp((run.folder / "config.json").stat().st_mtime, UTC),
    )
