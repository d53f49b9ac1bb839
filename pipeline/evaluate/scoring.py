"""From answers to a report: judges every answer by its row's role and sums up each model.

Knows no process and no torch; the answers come from `rows.jsonl` of an evaluation folder.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from pipeline.evaluate import facts, identity, retention, statistics
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import BASE, Candidate, DataFile, EvaluationConfig, Form
from pipeline.evaluate.contrast import beats
from pipeline.evaluate.measures import MEANS, PICKS, WITHIN, group_of
from pipeline.evaluate.metrics import chrf, overlap
from pipeline.evaluate.names import Language, foreign, language
from pipeline.evaluate.report import (
    Answer,
    Cell,
    Measure,
    ModelReport,
    Report,
    ReportRow,
    Weighed,
)
from pipeline.evaluate.shipped import is_shipped, prompts
from pipeline.evaluate.statistics import Score

FORMS: tuple[Form, ...] = get_args(Form)
L = TypeVar("L", ContrastLine, Comparison)


@dataclass(frozen=True, slots=True)
class Lines:
    """Everything that a worker has written down."""

    answers: Iterable[RawAnswer]
    contrasts: Iterable[ContrastLine] = ()
    comparisons: Iterable[Comparison] = ()


def score(config: EvaluationConfig, lines: Lines) -> Report:
    """Judge every answer and sum up each model; of lines written twice the first counts."""
    if config.identity:
        config = replace(config, old_names=foreign(config.old_names, config.identity))
    weighed, compared = _first(lines.contrasts), _first(lines.comparisons)
    rows = tuple(_completed(row, weighed, compared) for row in _rows(config, lines.answers))
    count = sum(len(row.answers) for row in rows) + len(weighed) + len(compared)
    return Report(
        export=config.export,
        base=config.base,
        is_complete=count == config.step_count,
        identity=config.identity,
        notes=config.notes,
        models=tuple(_model(candidate, rows) for candidate in config.candidates),
        rows=rows,
    )


def _rows(config: EvaluationConfig, answers: Iterable[RawAnswer]) -> Iterator[ReportRow]:
    by_row: dict[tuple[str, int], dict[str, RawAnswer]] = {}
    for raw in answers:
        by_row.setdefault((raw.file, raw.row), {}).setdefault(raw.model, raw)
    models = [candidate.model for candidate in config.candidates]
    for file in config.files:
        for place in file.rows:
            given = by_row.get((file.name, place), {})
            raws = [given[model] for model in models if model in given]
            if raws:
                yield _row(config, file, raws)


def _row(config: EvaluationConfig, file: DataFile, raws: Sequence[RawAnswer]) -> ReportRow:
    raw = raws[0]
    if is_shipped(file.name):
        # What has to be said follows from who the model is to be, which may be told anew.
        reference = prompts(file.name)[raw.row].reference(config.identity)
        raws = [replace(each, reference=reference) for each in raws]
        raw = raws[0]
    return ReportRow(
        file=file.name,
        row=raw.row + 1,
        dataset=file.dataset,
        role=file.role,
        layout=file.layout,
        split=file.split,
        language=language(raw.question),
        question=raw.question,
        reference=raw.reference,
        facts=raw.facts,
        answers=tuple(_judged(config, file, each) for each in raws),
        about=file.about,
        asked_under=file.asked_under,
    )


def _judged(config: EvaluationConfig, file: DataFile, raw: RawAnswer) -> Answer:
    answer = Answer(
        model=raw.model,
        text=raw.answer,
        is_right=None,
        missing=(),
        claimed=(),
        is_leak=None,
        overlap=overlap(raw.answer, raw.reference),
        loss=raw.loss,
        loss_tokens=raw.loss_tokens,
        finish_reason=raw.finish_reason,
        chrf=chrf(raw.answer, raw.reference),
        is_exact=facts.normalise(raw.answer) == facts.normalise(raw.reference),
    )
    who = config.identity
    if file.role != "identity":
        return replace(
            answer,
            is_right=facts.is_right(raw.answer, raw.facts),
            missing=facts.missing(raw.answer, raw.facts),
            is_leak=identity.leaks(raw.answer, raw.reference, who) if who else None,
        )
    if who is None:
        return replace(answer, claimed=identity.claims(raw.answer, config.old_names))
    verdict = identity.judge(raw.answer, raw.reference, who, config.old_names)
    return replace(
        answer, is_right=verdict.is_right, missing=verdict.unsaid, claimed=verdict.claimed
    )


def _first(lines: Iterable[L]) -> dict[tuple[object, ...], L]:
    found: dict[tuple[object, ...], L] = {}
    for line in lines:
        found.setdefault(line.key, line)
    return found


def _completed(
    row: ReportRow,
    weighed: Mapping[tuple[object, ...], ContrastLine],
    compared: Mapping[tuple[object, ...], Comparison],
) -> ReportRow:
    """Add to a row's answers what was weighed, and what became of general ones."""
    base = row.answer(BASE)
    made = []
    for answer in row.answers:
        place = (row.file, row.row - 1, answer.model)
        lines = [line for form in FORMS if (line := weighed.get((*place, form)))]
        kept = None
        if row.role == "general":
            kept = retention.kept(row, answer, base, compared.get(place))
        made.append(
            replace(answer, weighed=tuple(_weighed(line) for line in lines if line.near), kept=kept)
        )
    return replace(row, answers=tuple(made))


def _weighed(line: ContrastLine) -> Weighed:
    return Weighed(
        form=line.form,
        beats_near=bool(beats(line.right, line.near)),
        beats_others=bool(beats(line.right, line.others)),
        likeliest_wrong=line.likeliest_wrong,
    )


def _model(candidate: Candidate, rows: Sequence[ReportRow]) -> ModelReport:
    model = candidate.model
    is_base = model == BASE
    return ModelReport(
        model=model,
        policy=candidate.policy,
        prompt=candidate.prompt,
        scores={measure: _score(measure, rows, model) for measure in PICKS},
        against_base=(
            {} if is_base else {measure: difference(measure, rows, model) for measure in PICKS}
        ),
        matrix=tuple(_matrix(rows, model)),
    )


def _matrix(rows: Sequence[ReportRow], model: str) -> Iterator[Cell]:
    asked = [
        (row, answer)
        for row in rows
        if row.role == "identity" and is_shipped(row.file) and (answer := row.answer(model))
    ]
    for under in dict.fromkeys(row.asked_under for row, _ in asked):
        for of in get_args(Language):
            said = [
                answer
                for row, answer in asked
                if row.asked_under == under and row.language == of and answer.is_right is not None
            ]
            yield Cell(
                language=of,
                asked_under=under,
                new=statistics.rate([bool(answer.is_right) for answer in said]),
                old=statistics.rate([bool(answer.claimed) for answer in said]),
            )


def _score(measure: Measure, rows: Sequence[ReportRow], model: str) -> Score:
    picked = [
        (row, figure)
        for row in rows
        if (answer := row.answer(model)) and (figure := PICKS[measure](row, answer))
    ]
    values = [value for _, (value, _) in picked]
    if measure in MEANS:
        return statistics.mean(values, [weight for _, (_, weight) in picked], WITHIN[measure])
    return statistics.rate(_held(values), [group_of(row) for row, _ in picked])


def difference(measure: Measure, rows: Sequence[ReportRow], model: str, other: str = BASE) -> Score:
    """Return a model's figure minus another's, over the rows that both answered."""
    pairs = [
        (row, figure, theirs)
        for row in rows
        if (answer := row.answer(model))
        and (before := row.answer(other))
        and (figure := PICKS[measure](row, answer))
        and (theirs := PICKS[measure](row, before))
    ]
    values = [figure[0] for _, figure, _ in pairs]
    others = [theirs[0] for _, _, theirs in pairs]
    if measure in MEANS:
        return statistics.difference(values, others, [figure[1] for _, figure, _ in pairs])
    groups = [group_of(row) for row, _, _ in pairs]
    return statistics.rate_difference(_held(values), _held(others), groups)


def _held(values: Sequence[float]) -> list[bool]:
    return [value == 1.0 for value in values]
