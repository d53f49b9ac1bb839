"""Launching, reading, stopping and resuming probes. All on folders, without a database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import disk, processes, rows, work
from pipeline.errors import BadInput, DoesNotHold
from pipeline.launches import Worker
from pipeline.models.fingerprint import weights_sha256
from pipeline.models.template import SystemPrompt
from pipeline.probe import config
from pipeline.probe.answers import ProbeAnswer
from pipeline.probe.config import WITHOUT, Kind, ProbeConfig, Question
from pipeline.queue import changes, looking, supervise
from pipeline.queue import entry as queue
from pipeline.queue.entry import IN_TURN
from pipeline.train.devices import devices
from pipeline.work import RESUMABLE, Progress, Work
from pipeline.workspace import Workspace, numbered
from store.record_types import NewProbe

WORKER = "pipeline.workers.probe"
LOG_NAME = "probe.log"
GRACE_S = 30.0


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What a person asks a base for."""

    kind: Kind
    model: Path
    source: str
    questions: Sequence[Question]
    samples: int = 0
    max_new_tokens: int = 256
    temperature: float = 0.8
    seed: int = 1
    system_prompt: SystemPrompt = WITHOUT
    device: str = "auto"
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe as its folder tells it now."""

    id: int
    folder: Path
    config: ProbeConfig
    work: Work

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        of = self.config.answer_count
        return min(self.work.progress.done / of, 1.0) if of else 0.0


def launch(workspace: Workspace, request: ProbeRequest, *, worker: str = WORKER) -> Probe:
    """Freeze the plan and queue it; the same plan asked again goes on where it was.

    So a second press of a button, a reload or another terminal never asks twice. Raises BadInput
    where there is nothing to ask.
    """
    if not request.questions:
        raise BadInput("There is no question to ask the base.")
    device = devices().here(request.device)
    frozen = ProbeConfig(
        kind=request.kind,
        base=str(request.model),
        base_sha256=weights_sha256(request.model, workspace.root),
        source=request.source,
        questions=len(request.questions),
        questions_sha256=config.digest(request.questions),
        samples=request.samples,
        temperature=request.temperature,
        seed=request.seed,
        max_new_tokens=request.max_new_tokens,
        system_prompt=request.system_prompt,
        device=device.name,
        trust_remote_code=request.trust_remote_code,
    )
    with queue.locked(workspace):
        known = _same(workspace, frozen)
        if known is None:
            with disk.new_folder(workspace.probes) as folder:
                queue.enter(workspace, folder, _worker(worker, device.name), IN_TURN)
                config.write(folder, frozen, request.questions)
    if known is None:
        supervise.advance(workspace)
        return _read(folder)
    can_go_on = known.work.state in RESUMABLE
    return resume(workspace, known.id, worker=worker) if can_go_on else known


def read(workspace: Workspace, probe_id: int, since: Progress | None = None) -> Probe:
    """Return a probe as its folder tells it now; BadInput if there is none."""
    folder = workspace.probes / str(probe_id)
    if not folder.is_dir():
        known = tuple(numbered(workspace.probes))
        raise BadInput(
            "There is no probe {probe_id} in {root}. Probes: {known}.",
            probe_id=probe_id,
            root=workspace.root,
            known=known,
        )
    return _read(folder, since)


def listed(workspace: Workspace, kind: Kind | None = None) -> tuple[Probe, ...]:
    """Return every probe of a kind, newest first; a folder without a plan is left out."""
    found = looking.all_of(workspace.probes, _read)
    return tuple(probe for probe in found if kind is None or probe.config.kind == kind)


def wait(
    workspace: Workspace, probe_id: int, on_progress: Callable[[Probe], None] | None = None
) -> Probe:
    """Return the probe once it is over, calling back whenever it has moved."""
    return looking.until_over(
        workspace,
        read(workspace, probe_id),
        lambda seen: _read(seen.folder, seen.work.progress),
        lambda seen: seen.work,
        on_progress,
    )


def stop(workspace: Workspace, probe_id: int) -> Probe:
    """Ask a probe to end after its batch, or take it out of the queue; returns at once.

    The answers so far are kept. DoesNotHold if it neither runs nor waits.
    """
    probe = read(workspace, probe_id)
    if not changes.cancel(workspace, probe.folder) and not processes.request_stop(probe.folder):
        ended = _read(probe.folder)
        raise DoesNotHold(
            "Probe {probe_id} does not run: it is {state}.",
            probe_id=probe_id,
            state=ended.work.state,
        )
    return _read(probe.folder)


def resume(workspace: Workspace, probe_id: int, *, worker: str = WORKER) -> Probe:
    """Go on with a probe that was stopped or failed: only what is open is asked."""
    device = devices().here(read(workspace, probe_id).config.device)
    with queue.locked(workspace):
        probe = read(workspace, probe_id)
        if probe.work.state not in RESUMABLE:
            raise BadInput(
                "Probe {probe_id} is {state}: there is nothing to resume.",
                probe_id=probe_id,
                state=probe.work.state,
            )
        queue.enter(workspace, probe.folder, _worker(worker, device.name), IN_TURN)
    supervise.advance(workspace)
    return _read(probe.folder)


def answers(probe: Probe) -> dict[int, list[ProbeAnswer]]:
    """Return the answers of each question, the greedy one first."""
    found: dict[int, list[ProbeAnswer]] = {}
    for answer in sorted(rows.read(probe.folder, ProbeAnswer), key=lambda a: (a.key, a.sample)):
        found.setdefault(answer.key, []).append(answer)
    return found


def new_probe(workspace: Workspace, probe: Probe, *, left_out: int) -> NewProbe:
    """Return what the store remembers of a probe."""
    plan = probe.config
    return NewProbe(
        folder=place(workspace, probe),
        kind=plan.kind,
        base=plan.base,
        base_sha256=plan.base_sha256,
        source=plan.source,
        settings={
            "questions": plan.questions,
            "questions_sha256": plan.questions_sha256,
            "samples": plan.samples,
            "temperature": plan.temperature,
            "top_p": plan.top_p,
            "seed": plan.seed,
            "max_new_tokens": plan.max_new_tokens,
            "system_prompt": plan.system_prompt.policy,
            "system_text": plan.system_prompt.text,
        },
        left_out=left_out,
    )


def place(workspace: Workspace, probe: Probe) -> str:
    """Return how the store names a probe's folder."""
    return str(probe.folder.relative_to(workspace.root))


def _read(folder: Path, since: Progress | None = None) -> Probe:
    now = work.read(folder, since)
    return Probe(int(folder.name), folder, config.read(folder), now)


def _same(workspace: Workspace, frozen: ProbeConfig) -> Probe | None:
    """The probe of the same plan, on whatever device."""
    for known in listed(workspace, frozen.kind):
        if replace(known.config, device=frozen.device) == frozen:
            return known
    return None


def _worker(module: str, device: str) -> Worker:
    return Worker(module, log_name=LOG_NAME, grace_s=GRACE_S, device=device)
