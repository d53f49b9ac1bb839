"""Launching, reading and stopping merges. All on folders, without a database."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline import disk, processes, work
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json
from pipeline.launches import Worker
from pipeline.merge import config, report
from pipeline.merge.config import Dtype, MergeConfig
from pipeline.merge.report import Merged
from pipeline.models.template import SystemPrompt
from pipeline.queue import changes, looking, supervise
from pipeline.queue import entry as queue
from pipeline.queue.entry import IN_TURN
from pipeline.said import Said
from pipeline.train import jobs as runs
from pipeline.train.adapters import adapter_of
from pipeline.train.devices import devices
from pipeline.work import Progress, Work
from pipeline.workspace import Workspace, numbered

WORKER = "pipeline.workers.merge"
LOG_NAME = "merge.log"
GRACE_S = 30.0
_UNTOLD = Said(
    "The process ended in the middle of it, and nothing was written to the folder. "
    "If nobody ended it, the system ran out of memory: merging holds the whole "
    "model once. Close what else is loaded and merge again."
)


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What a person asks for."""

    run: int
    out: Path
    checkpoint: str = ""
    dtype: Dtype = "auto"
    shard_size: str = "5GB"
    device: str = "cpu"
    system_prompt: SystemPrompt | None = None
    """Another one than the adapter's; None: as it stands with the adapter."""
    only_checks: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as its folder tells it now."""

    id: int
    folder: Path
    config: MergeConfig
    work: Work
    merged: Merged | None
    """What came of it, refused or not; None until it was compared."""


def launch(workspace: Workspace, request: MergeRequest, *, worker: str = WORKER) -> Merge:
    """Freeze the plan and queue it; it starts at once where its device is free.

    Raises what adapter_of raises, and BadInput where the folder is taken or the base is quantised.
    """
    run = runs.read(workspace, request.run)
    adapter = adapter_of(run, request.checkpoint)
    base = Path(run.config.model)
    _check_base(base)
    out = _out(request)
    device = devices().here(request.device)
    frozen = MergeConfig(
        base=str(base),
        adapter=str(adapter),
        system_prompt=request.system_prompt,
        out=str(out),
        run=run.id,
        checkpoint=request.checkpoint,
        home=str(workspace.root),
        dtype=request.dtype,
        shard_size=request.shard_size,
        device=device.name,
        only_checks=request.only_checks,
        trust_remote_code=run.config.trust_remote_code,
    )
    with queue.locked(workspace):
        if any(each.work.is_active and each.config.out == str(out) for each in listed(workspace)):
            raise BadInput("{out} is being made or checked by another merge. Wait for it.", out=out)
        queued = Worker(worker, log_name=LOG_NAME, grace_s=GRACE_S, device=device.name)
        with disk.new_folder(workspace.merges) as folder:
            queue.enter(workspace, folder, queued, IN_TURN)
            config.write(folder, frozen)
    supervise.advance(workspace)
    return _read(folder)


def read(workspace: Workspace, merge_id: int, since: Progress | None = None) -> Merge:
    """Return a merge as its folder tells it now; BadInput if there is none."""
    folder = workspace.merges / str(merge_id)
    if not folder.is_dir():
        known = tuple(numbered(workspace.merges))
        raise BadInput(
            "There is no merge {merge_id} in {root}. Merges: {known}.",
            merge_id=merge_id,
            root=workspace.root,
            known=known,
        )
    return _read(folder, since)


def listed(workspace: Workspace) -> tuple[Merge, ...]:
    """Return every merge, newest first; a folder without a plan is left out."""
    return tuple(looking.all_of(workspace.merges, _read))


def wait(
    workspace: Workspace, merge_id: int, on_progress: Callable[[Merge], None] | None = None
) -> Merge:
    """Return the merge once it is over, calling back whenever it has moved."""
    return looking.until_over(
        workspace,
        read(workspace, merge_id),
        lambda seen: _read(seen.folder, seen.work.progress),
        lambda seen: seen.work,
        on_progress,
    )


def stop(workspace: Workspace, merge_id: int) -> None:
    """Ask a merge to end, or take it out of the queue, and return at once; nothing of it is kept.

    DoesNotHold if it neither runs nor waits.
    """
    merge = read(workspace, merge_id)
    if not changes.cancel(workspace, merge.folder) and not processes.request_stop(merge.folder):
        ended = read(workspace, merge_id)
        raise DoesNotHold(
            "Merge {merge_id} does not run: it is {state}.",
            merge_id=merge_id,
            state=ended.work.state,
        )


def forget(workspace: Workspace, merge_id: int) -> None:
    """Delete what is kept of a merge that is over; a model that it made stays."""
    merge = read(workspace, merge_id)
    if merge.work.is_active:
        raise BadInput("Merge {merge_id} is at work. Stop it first.", merge_id=merge_id)
    shutil.rmtree(merge.folder)


def _read(folder: Path, since: Progress | None = None) -> Merge:
    now = work.read(folder, since, untold=_UNTOLD)
    return Merge(int(folder.name), folder, config.read(folder), now, report.read(folder))


def _check_base(base: Path) -> None:
    if "quantization_config" in read_json(base / "config.json"):
        raise BadInput(
            "The weights of {base} are quantised, and an adapter cannot be merged into them "
            "without loss. Train on, and merge into, the model as it was before.",
            base=base.name,
        )


def _out(request: MergeRequest) -> Path:
    out = request.out.expanduser().resolve()
    if request.only_checks:
        if not (out / "config.json").is_file():
            raise BadInput("There is no model in {out} to check.", out=out)
        return out
    if out.exists():
        raise BadInput("{out} is there already. Name another folder, or remove it first.", out=out)
    if not out.parent.is_dir():
        raise BadInput(
            "There is no folder {parent} to make {out} in.", parent=out.parent, out=out.name
        )
    return out
