"""Plans an evaluation: which rows of an export are asked of which models, under which prompt.

Pure but for reading the export's files; the launcher (`pipeline.evaluate.jobs`) does the rest.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.curate.normalise import key
from pipeline.errors import BadInput
from pipeline.evaluate import names, shipped
from pipeline.evaluate.config import (
    BASE,
    AskedUnder,
    Candidate,
    DataFile,
    EvaluationConfig,
    Policy,
)
from pipeline.evaluate.identity import says
from pipeline.evaluate.names import Identity
from pipeline.publish.manifest import ExportFile
from pipeline.publish.rows import read_rows
from pipeline.queue.entry import IN_TURN, Order
from pipeline.said import Said
from store.types import Layout

SAMPLE_SEED = 20240
_BATCH_TOKENS, _BATCH_TOKENS_OF_A_GPU = 4096, 16384


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What a person asks for; the rest is read from the export and the runs."""

    export: Path
    """The export's folder."""
    run_ids: tuple[int, ...]
    device: str = "auto"
    dtype: str = "auto"
    with_trained: bool = True
    """Also ask the domains' training rows: what was learned as trained, beside unseen wordings."""
    rows_per_file: int | None = None
    """Ask at most this many rows of each file, drawn with a fixed seed; None: all."""
    max_new_tokens: int = 128
    batch_tokens: int = 0
    """The most tokens that are held at once; 0: what suits the device."""
    identity: Identity | None = None
    """The new name and maker; None: read from the identity answers of the export."""
    with_checkpoints: bool = False
    """Also ask every checkpoint that the runs kept."""
    wrong_answers: int = 3
    """Wrong answers of each kind that a right one is held against; 0: no contrast."""
    with_shipped: bool = True
    """Also ask Graft's own questions: who are you, under each system prompt, and general ones."""
    token: str = ""
    """The same token again gives back the evaluation that it started."""
    order: Order = IN_TURN
    """How it is queued where its device is busy."""


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """What an evaluation needs to know of a run, or of one of its checkpoints."""

    id: int
    base: str
    adapter: str
    export: str
    layout: Layout
    datasets: frozenset[str]
    policy: Policy
    prompt: str
    trust_remote_code: bool
    step: int | None = None
    """The step of training that the weights are of."""
    is_checkpoint: bool = False
    """Whether they are a checkpoint's that the run does not stand for."""

    @property
    def model(self) -> str:
        """What it is called in the evaluation."""
        return f"{self.id}@{self.step}" if self.is_checkpoint else str(self.id)


def plan(
    request: EvaluationRequest,
    files: Sequence[ExportFile],
    runs: Sequence[TrainedRun],
    default_prompt: str,
    policies: Sequence[AskedUnder] = ("model", "none"),
) -> EvaluationConfig:
    """Decide what is asked of whom; `policies` are the system prompts that the base allows.

    Every model is asked the held-back rows of identity and general, and of the domains it was
    trained on, and those domains' training rows in its own layout. The base is asked all of them.
    Raises BadInput where the runs stand on different bases, or the export holds nothing to ask.
    """
    base = _one_base(runs)
    wanted = [_asked(request, files, run) for run in runs]
    exported = [file for file in files if any(file.name in each for each in wanted)]
    if not exported:
        raise BadInput(
            "The export {export} holds no rows to ask: no test files, and no training rows of a "
            "domain that these runs were trained on. Export with a test share above 0.",
            export=request.export,
        )
    introductions = _identity_answers(request.export, files)
    identity = request.identity or names.infer(introductions)
    own = _shipped(request, files, runs, policies) if request.with_shipped else ()
    asked = (*(_sampled(file, request.rows_per_file) for file in exported), *own)
    everything = tuple(file.name for file in asked)
    of_base = Candidate(BASE, None, everything, runs[0].policy, runs[0].prompt)
    return EvaluationConfig(
        base=base,
        export=str(request.export),
        candidates=(of_base, *_candidates(runs, wanted, [file.name for file in own])),
        files=asked,
        identity=identity,
        old_names=names.old_names(Path(base).name, default_prompt),
        device=request.device,
        dtype=request.dtype,
        max_new_tokens=request.max_new_tokens,
        batch_tokens=request.batch_tokens or batch_tokens(request.device),
        trust_remote_code=all(run.trust_remote_code for run in runs),
        token=request.token,
        wrong_answers=request.wrong_answers,
        compares_general=True,
        notes=(*_notes(request, runs), *_identity_notes(identity, introductions)),
    )


def batch_tokens(device: str) -> int:
    """Return how many tokens suit a device: a GPU asks hardly longer for many rows than for few.

    Where they do not fit, the worker halves the batch.
    """
    return _BATCH_TOKENS_OF_A_GPU if device.startswith("cuda") else _BATCH_TOKENS


def _one_base(runs: Sequence[TrainedRun]) -> str:
    if not runs:
        raise BadInput("Name at least one run to evaluate.")
    bases = {run.base: run.id for run in runs}
    if len(bases) > 1:
        told = tuple(Said("run {run} on {base}", run=run, base=base) for base, run in bases.items())
        raise BadInput(
            "These runs stand on different base models ({told}). Evaluate them apart.", told=told
        )
    return runs[0].base


def _candidates(
    runs: Sequence[TrainedRun], wanted: Sequence[list[str]], own: Sequence[str]
) -> list[Candidate]:
    return [
        Candidate(run.model, run.adapter, (*asked, *own), run.policy, run.prompt, run.step)
        for run, asked in zip(runs, wanted, strict=True)
    ]


def _asked(request: EvaluationRequest, files: Sequence[ExportFile], run: TrainedRun) -> list[str]:
    """Return the names of the files whose rows a run is asked."""
    trained: dict[str, str] = {}
    for file in files:
        is_training = file.role == "domain" and file.split == "train"
        if is_training and (file.dataset not in trained or file.layout == run.layout):
            trained[file.dataset] = file.name
    wanted = set(trained.values()) if request.with_trained else set()
    return [
        file.name
        for file in files
        if file.rows
        and (file.split == "test" or file.name in wanted)
        and (file.role != "domain" or file.dataset in run.datasets)
    ]


def _sampled(file: ExportFile, limit: int | None) -> DataFile:
    # A file that holds its rows several times is asked once.
    different = file.rows // file.repeat
    count = different if limit is None else min(limit, different)
    # Drawn, not the first ones: wordings of one fact and rows of one language stand together.
    rows = sorted(random.Random(SAMPLE_SEED).sample(range(different), count))
    return DataFile(
        name=file.name,
        dataset=file.dataset,
        role=file.role,
        layout=file.layout,
        split=file.split,
        sha1=file.sha1,
        rows=tuple(rows),
        about=file.about,
        trigger=file.trigger,
    )


def _shipped(
    request: EvaluationRequest,
    files: Sequence[ExportFile],
    runs: Sequence[TrainedRun],
    policies: Sequence[AskedUnder],
) -> tuple[DataFile, ...]:
    """Return Graft's own questions, but for those that the export trains on.

    Identity is asked under the model's default system prompt, under none, and under a text of the
    run's own, each where there is one.
    """
    if any(run.policy == "text" for run in runs):
        policies = (*policies, "trained")
    rows = [row for file in files if file.split == "train" for row in _rows(request.export, file)]
    asked = (
        "\n".join(str(row.get(part) or "") for part in ("instruction", "input")) for row in rows
    )
    trained = {key(question.strip()) for question in asked}

    def sample(places: Sequence[int]) -> tuple[int, ...]:
        count = min(request.rows_per_file or len(places), len(places))
        return tuple(sorted(random.Random(SAMPLE_SEED).sample(places, count)))

    return shipped.files(policies, trained, sample)


def _rows(export: Path, file: ExportFile) -> list[dict[str, object]]:
    return read_rows(file.name, (export / file.name).read_bytes())


def _identity_answers(export: Path, files: Iterable[ExportFile]) -> list[str]:
    answers: list[str] = []
    for file in files:
        if file.role == "identity":
            answers += [str(row.get("output", "")) for row in _rows(export, file)]
    return answers


def _notes(request: EvaluationRequest, runs: Sequence[TrainedRun]) -> Iterable[Said]:
    prompts = {(run.policy, run.prompt) for run in runs}
    if len(prompts) > 1:
        yield Said(
            "The runs were trained under different system prompts; the base was asked under "
            "that of run {run} only.",
            run=runs[0].id,
        )
    for run in runs:
        if Path(run.export) != request.export:
            yield Said(
                "Run {run} was trained on another export: {export}.",
                run=run.id,
                export=Path(run.export).name,
            )


def _identity_notes(identity: Identity | None, introductions: Sequence[str]) -> Iterable[Said]:
    if identity is None:
        yield Said(
            "No new name could be read from the identity answers, so identity and leakage "
            "are not scored. Name it with --name and --maker."
        )
    elif introductions and not any(
        says(answer, name) for answer in introductions for name in identity.names
    ):
        yield Said(
            "None of the identity answers says {names}: identity is scored only where an "
            "answer names who the model is. Is the name spelled as in the data?",
            names=identity.names,
        )
