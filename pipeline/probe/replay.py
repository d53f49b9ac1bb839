"""Replay: general answers written by the base itself, so that a run repeats what it could do.

The prompts are a fixed list that ships with Graft; the answers become a general dataset, which is
found again for the same weights and used again.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import BadInput, DoesNotHold
from pipeline.models.fingerprint import weights_sha256
from pipeline.models.template import SystemPrompt
from pipeline.probe import config, jobs
from pipeline.probe.answers import ProbeAnswer
from pipeline.probe.config import WITHOUT, Question
from pipeline.probe.jobs import Probe, ProbeRequest
from pipeline.workspace import REPOSITORY, Workspace
from store import probes
from store.db import Database
from store.record_types import Probe as TakenProbe
from store.types import NewPair

PROMPTS = "general-1"
HOME = REPOSITORY / "data" / "prompts"
Language = Literal["en", "zh", "both"]


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How the base writes."""

    language: Language = "both"
    limit: int | None = None
    """Ask only so many prompts, evenly over the list; None: all."""
    max_new_tokens: int = 256
    system_prompt: SystemPrompt = WITHOUT
    device: str = "auto"
    trust_remote_code: bool = False


def prompts(options: ReplayOptions) -> tuple[Question, ...]:
    """Return the prompts of the shipped list, each with its place (1-based) as its key."""
    listed = json.loads((HOME / f"{PROMPTS}.json").read_text(encoding="utf-8"))
    chosen = [
        Question(place, "", str(each["prompt"]))
        for place, each in enumerate(listed, start=1)
        if options.language in ("both", each["language"])
    ]
    if options.limit is None:
        return tuple(chosen)
    if options.limit < 1:
        raise BadInput("The limit is {limit}; ask at least one prompt.", limit=options.limit)
    count = min(options.limit, len(chosen))
    return tuple(chosen[n * len(chosen) // count] for n in range(count))


def known(db: Database, workspace: Workspace, model: Path) -> TakenProbe | None:
    """Return the replay that a base of these weights wrote before, if it is still there."""
    return probes.replay_of(db, weights_sha256(model, workspace.root), PROMPTS)


def launch(
    workspace: Workspace, model: Path, options: ReplayOptions, *, worker: str = jobs.WORKER
) -> Probe:
    """Let the base write; the same request again goes on where it was."""
    request = ProbeRequest(
        kind="replay",
        model=model,
        source=PROMPTS,
        questions=prompts(options),
        max_new_tokens=options.max_new_tokens,
        system_prompt=options.system_prompt,
        device=options.device,
        trust_remote_code=options.trust_remote_code,
    )
    return jobs.launch(workspace, request, worker=worker)


def take(db: Database, workspace: Workspace, probe: Probe, name: str = "") -> TakenProbe:
    """Make a dataset of a finished replay; taking it again changes nothing.

    Answers that reached their length limit are left out, since they would teach to stop in the
    middle, and so are empty ones. DoesNotHold if the replay is not finished, or if nothing is left.
    """
    if not probe.work.is_finished:
        raise DoesNotHold(
            "The replay is {state}, so it has no dataset yet.", state=probe.work.state
        )
    answers = jobs.answers(probe)
    questions = config.read_questions(probe.folder, probe.config)
    base = Path(probe.config.base)
    origin = f"{base.name} {probe.config.base_sha256[:12]} {probe.config.source}"
    kept = [
        NewPair(
            question.instruction, given.text.strip(), source_file=origin, source_row=question.key
        )
        for question in questions
        if (given := answers[question.key][0]) and _is_whole(given)
    ]
    if not kept:
        raise DoesNotHold(
            "None of the {count} answers ended within {max_new_tokens} tokens, so nothing of them "
            "is fit to be learned. Allow longer answers.",
            count=len(questions),
            max_new_tokens=probe.config.max_new_tokens,
        )
    told = jobs.new_probe(workspace, probe, left_out=len(questions) - len(kept))
    return probes.take_replay(db, told, name or f"replay-{base.name}", kept)


def _is_whole(answer: ProbeAnswer) -> bool:
    return answer.finish_reason == "stop" and bool(answer.text.strip())
