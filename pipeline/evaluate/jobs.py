"""Launching, reading, stopping and resuming evaluations. All on folders, without a database."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline import disk, processes
from pipeline.errors import BadInput, DoesNotHold, PipelineError
from pipeline.evaluate import answers, config, scoring, state
from pipeline.evaluate import report as reports
from pipeline.evaluate.config import AskedUnder
from pipeline.evaluate.names import Identity
from pipeline.evaluate.plan import EvaluationRequest, TrainedRun, plan
from pipeline.evaluate.report import Report
from pipeline.evaluate.state import Evaluation
from pipeline.launches import Worker
from pipeline.models import catalog
from pipeline.models.template import SystemPrompt, SystemPromptImpossible, with_system_prompt
from pipeline.publish import manifest
from pipeline.queue import changes, looking, supervise
from pipeline.queue import entry as queue
from pipeline.queue.entry import IN_TURN
from pipeline.train import checkpoints
from pipeline.train import jobs as train_jobs
from pipeline.train.devices import devices
from pipeline.train.request import check_export
from pipeline.train.state import Run
from pipeline.work import RESUMABLE
from pipeline.workspace import Workspace, numbered
from store import evaluations
from store.db import Database
from store.record_types import EvaluationRecord

logger = logging.getLogger(__name__)

WORKER = "pipeline.workers.predict"
REPORT = "report.json"
GRACE_S = 30.0


class NoAdapter(BadInput):
    """A run has no adapter yet, so there is nothing to evaluate."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(
            "Run {run.id} is {run.state} and has no adapter to evaluate. Wait until it has "
            "finished, or resume it."
        )


def launch(workspace: Workspace, request: EvaluationRequest, *, worker: str = WORKER) -> Evaluation:
    """Verify the export, freeze the plan, queue the evaluation, and return it.

    It has started where its device is free. Raises ExportGone, ExportDamaged, NoAdapter, and
    BadInput where there is nothing to ask, or the device is a cluster.
    """
    check_export(request.export)
    device = devices().here(request.device)
    runs = [
        each
        for run_id in request.run_ids
        for each in stages(train_jobs.read(workspace, run_id), request.with_checkpoints)
    ]
    files = manifest.read(request.export).files
    base = Path(runs[0].base) if runs else None
    default = catalog.read(base).default_prompt if base else None
    policies = _policies(base, default or "") if base else ()
    frozen = plan(replace(request, device=device.name), files, runs, default or "", policies)
    with queue.locked(workspace):
        known = _by_token(workspace, request.token)
        if known:
            return known
        with disk.new_folder(workspace.evaluations) as folder:
            queue.enter(workspace, folder, _worker(worker, device.name), request.order)
            config.write(folder, frozen)
    supervise.advance(workspace)
    return state.read(folder)


def read(workspace: Workspace, evaluation_id: int) -> Evaluation:
    """Return an evaluation as its folder tells it now; BadInput if there is none."""
    return state.read(_folder(workspace, evaluation_id))


def listed(workspace: Workspace) -> tuple[Evaluation, ...]:
    """Return every evaluation, newest first; a folder without a readable plan is left out."""
    return tuple(looking.all_of(workspace.evaluations, state.read))


def wait(
    workspace: Workspace,
    evaluation_id: int,
    on_progress: Callable[[Evaluation], None] | None = None,
) -> Evaluation:
    """Return the evaluation once it is over, calling back whenever it has moved."""
    return looking.until_over(
        workspace,
        read(workspace, evaluation_id),
        lambda seen: state.read(seen.folder, seen.progress),
        lambda seen: seen,
        on_progress,
    )


def stop(workspace: Workspace, evaluation_id: int) -> Evaluation:
    """Ask an evaluation to end after its batch, or take it out of the queue; returns at once.

    The answers so far are kept. DoesNotHold if it neither runs nor waits.
    """
    folder = _folder(workspace, evaluation_id)
    if not changes.cancel(workspace, folder) and not processes.request_stop(folder):
        ended = state.read(folder)
        raise DoesNotHold(
            "Evaluation {evaluation_id} does not run: it is {state}.",
            evaluation_id=evaluation_id,
            state=ended.state,
        )
    return state.read(folder)


def resume(workspace: Workspace, evaluation_id: int, *, worker: str = WORKER) -> Evaluation:
    """Go on with an evaluation that was stopped or failed: only what is open is asked."""
    evaluation = _resumable(workspace, evaluation_id)
    check_export(Path(evaluation.config.export))
    device = devices().here(evaluation.config.device)
    with queue.locked(workspace):
        folder = _resumable(workspace, evaluation_id).folder
        (folder / REPORT).unlink(missing_ok=True)
        queue.enter(workspace, folder, _worker(worker, device.name), IN_TURN)
    supervise.advance(workspace)
    return state.read(folder)


def report(folder: Path, identity: Identity | None = None) -> Report:
    """Return the scores of the answers that are there; kept as `report.json` once complete.

    With an `identity` given, the answers are judged anew for those names, and nothing is kept.
    """
    frozen = config.read(folder)
    path = folder / REPORT
    if identity is None and path.exists():
        try:
            return reports.read(path)
        except ValueError:
            path.unlink()  # Of an older Graft: made again from the answers.
    named = replace(frozen, identity=identity) if identity else frozen
    lines = scoring.Lines(
        answers.read(folder), answers.contrasts(folder), answers.comparisons(folder)
    )
    scored = scoring.score(named, lines)
    if identity is None and scored.is_complete and (folder / "result.json").exists():
        reports.write(path, scored)
    return scored


def register(db: Database, workspace: Workspace) -> int:
    """Index the finished evaluations that the database does not know yet.

    One whose answers cannot be read stays as it lies, logged.
    """
    known = {record.id for record in evaluations.listed(db)}
    fresh = []
    for evaluation in listed(workspace):
        if evaluation.state != "finished" or evaluation.id in known:
            continue
        try:
            fresh.append(_record(evaluation))
        except (PipelineError, OSError) as reason:
            logger.warning("Evaluation %s was not indexed: %s", evaluation.id, reason)
    return evaluations.add_missing(db, fresh)


def stages(run: Run, with_checkpoints: bool) -> tuple[TrainedRun, ...]:
    """Return a run, and before it the checkpoints that it keeps and does not stand for."""
    whole = trained(run)
    if not with_checkpoints:
        return (whole,)
    steps = [each.step for each in checkpoints.listed(run.folder) if each.step != whole.step]
    earlier = (
        replace(
            whole,
            adapter=str(checkpoints.adapter_at(run.folder, step)),
            step=step,
            is_checkpoint=True,
        )
        for step in steps
    )
    return (*earlier, whole)


def trained(run: Run) -> TrainedRun:
    """Return what an evaluation needs to know of a run; NoAdapter if it has none yet."""
    if run.adapter is None:
        raise NoAdapter(run)
    chosen = checkpoints.chosen_step(run.folder)
    return TrainedRun(
        id=run.id,
        base=run.config.model,
        adapter=str(run.adapter),
        export=run.config.export,
        layout=run.config.layout,
        datasets=frozenset(file.dataset for file in run.config.data),
        policy=run.config.system_prompt.policy,
        prompt=run.config.system_prompt.text,
        trust_remote_code=run.config.trust_remote_code,
        step=chosen if chosen is not None else run.progress.step or None,
    )


def _policies(base: Path, default_prompt: str) -> tuple[AskedUnder, ...]:
    """Return under which system prompts a base can be asked: its default, and none of its own."""
    if not default_prompt:
        return ("none",)
    template, tokens = catalog.chat_template(base)
    try:
        with_system_prompt(template, SystemPrompt("none"), tokens)
    except SystemPromptImpossible:
        return ("model",)
    return ("model", "none")


def _folder(workspace: Workspace, evaluation_id: int) -> Path:
    folder = workspace.evaluations / str(evaluation_id)
    if not folder.is_dir():
        known = tuple(numbered(workspace.evaluations))
        raise BadInput(
            "There is no evaluation {evaluation_id} in {root}. Evaluations: {known}.",
            evaluation_id=evaluation_id,
            root=workspace.root,
            known=known,
        )
    return folder


def _by_token(workspace: Workspace, token: str) -> Evaluation | None:
    if not token:
        return None
    return next((each for each in listed(workspace) if each.config.token == token), None)


def _resumable(workspace: Workspace, evaluation_id: int) -> Evaluation:
    evaluation = read(workspace, evaluation_id)
    if evaluation.state not in RESUMABLE:
        raise BadInput(
            "Evaluation {evaluation_id} is {state}: there is nothing to resume.",
            evaluation_id=evaluation_id,
            state=evaluation.state,
        )
    return evaluation


def _worker(module: str, device: str) -> Worker:
    return Worker(module, log_name=state.LOG_NAME, grace_s=GRACE_S, device=device)


def _record(evaluation: Evaluation) -> EvaluationRecord:
    made = (evaluation.folder / "config.json").stat().st_mtime
    return EvaluationRecord(
        id=evaluation.id,
        folder=str(evaluation.folder),
        export_name=Path(evaluation.config.export).name,
        run_ids=evaluation.run_ids,
        scores=report(evaluation.folder).values(),
        created_at=datetime.fromtimestamp(made, UTC),
    )
