"""Known or new: what a base answers to the questions of pairs before anything is trained.

An answer is right when it holds every key fact of its pair (`pipeline.evaluate.facts`). Right every
time: known; at least once: sometimes; never: unknown. New facts are learned slowest and then raise
hallucination (arXiv 2405.05904), so their share is worth knowing before a run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput, DoesNotHold
from pipeline.evaluate.facts import is_right
from pipeline.models.template import SystemPrompt
from pipeline.probe import config, jobs
from pipeline.probe.answers import GREEDY, ProbeAnswer
from pipeline.probe.config import WITHOUT, Question
from pipeline.probe.jobs import Probe, ProbeRequest
from pipeline.publish import seen
from pipeline.workspace import Workspace
from store import datasets, pairs, probes
from store.db import Database
from store.record_types import Knowledge
from store.record_types import Probe as TakenProbe
from store.types import Dataset, Pair, PairFilter

SAMPLES = 4


@dataclass(frozen=True, slots=True)
class KnownOptions:
    """How the base is asked."""

    samples: int = SAMPLES
    """Sampled answers beside the greedy one."""
    temperature: float = 0.8
    seed: int = 1
    max_new_tokens: int = 64
    system_prompt: SystemPrompt = WITHOUT
    device: str = "auto"
    trust_remote_code: bool = False


def questions(db: Database, names: Sequence[str], limit: int | None = None) -> tuple[Question, ...]:
    """Return the questions of usable pairs that have key facts, as a run would ask them.

    With a `limit` only so many of each dataset, evenly over it.
    Raises NotFound for an unknown dataset, and BadInput where no pair has a key fact.
    """
    found: list[Question] = []
    for name in names:
        dataset = datasets.by_name(db, name)
        asked = list(_of_dataset(db, dataset))
        if limit is not None and limit < len(asked):
            asked = [asked[n * len(asked) // limit] for n in range(limit)]
        found += asked
    if not found:
        raise BadInput(
            "No pair of {names} has key facts, by which an answer could be judged. Give pairs a "
            "column `facts`, or write them in Review.",
            names=tuple(names),
        )
    return tuple(found)


def launch(
    workspace: Workspace,
    model: Path,
    names: Sequence[str],
    asked: Sequence[Question],
    options: KnownOptions,
    *,
    worker: str = jobs.WORKER,
) -> Probe:
    """Ask the base; the same request again goes on where it was."""
    request = ProbeRequest(
        kind="known",
        model=model,
        source=",".join(names),
        questions=asked,
        samples=options.samples,
        temperature=options.temperature,
        seed=options.seed,
        max_new_tokens=options.max_new_tokens,
        system_prompt=options.system_prompt,
        device=options.device,
        trust_remote_code=options.trust_remote_code,
    )
    return jobs.launch(workspace, request, worker=worker)


def take(db: Database, workspace: Workspace, probe: Probe) -> TakenProbe:
    """Judge a finished probe's answers and tag the pairs; taking it again changes nothing.

    DoesNotHold if the probe is not finished. A pair that was changed since is left as it is.
    """
    if not probe.work.is_finished:
        raise DoesNotHold("The base is still being asked: it is {state}.", state=probe.work.state)
    asked = config.read_questions(probe.folder, probe.config)
    answers = jobs.answers(probe)
    told = jobs.new_probe(workspace, probe, left_out=0)
    return probes.take_known(db, told, [judge(each, answers[each.key]) for each in asked])


def judge(question: Question, answers: Sequence[ProbeAnswer]) -> Knowledge:
    """Count the right answers to a question."""
    right = [bool(is_right(answer.text, question.facts)) for answer in answers]
    greedy = [good for good, each in zip(right, answers, strict=True) if each.sample == GREEDY]
    return Knowledge(question.key, question.digest, sum(right), len(right), any(greedy))


def _of_dataset(db: Database, dataset: Dataset) -> Iterator[Question]:
    usable = PairFilter(dataset.id, ("unreviewed", "accepted"))
    for pair in pairs.each(db, matching=usable):
        if any(fact.strip() for fact in pair.facts):
            yield _question(pair, dataset.trigger)


def _question(pair: Pair, trigger: str) -> Question:
    record = seen.record_of(pair, trigger)
    return Question(
        key=pair.id,
        digest=probes.digest(pair),
        instruction=str(record["instruction"]),
        input=str(record["input"]),
        system=pair.system or "",
        history=tuple((turn.question, turn.answer) for turn in pair.history),
        facts=pair.facts,
    )
