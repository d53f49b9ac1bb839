"""From answers to a report: judges every answer by its row's role and sums up each model.

Knows no process and no torch; the answers come from `rows.jsonl` of an evaluation folder.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from pipeline.evaluate import facts, identity, statistics
from pipeline.evaluate.answers import RawAnswer
from pipeline.evaluate.config import (
    BASE,
    About,
    Candidate,
    DataFile,
    EvaluationConfig,
    Split,
)
from pipeline.evaluate.metrics import overlap
from pipeline.evaluate.names import foreign, language
from pipeline.evaluate.report import Answer, Measure, ModelReport, Report, ReportRow
from pipeline.evaluate.statistics import Score

Figure = tuple[float, float]
"""A row's figure and its weight."""
Pick = Callable[[ReportRow, Answer], Figure | None]
"""What a row's answer adds to a measure; None: nothing."""


def score(config: EvaluationConfig, answers: Iterable[RawAnswer]) -> Report:
    """Judge every answer and sum up each model; of answers written twice the first counts."""
    if config.identity:
        config = replace(config, old_names=foreign(config.old_names, config.identity))
    rows = tuple(_rows(config, answers))
    count = sum(len(row.answers) for row in rows)
    return Report(
        export=config.export,
        base=config.base,
        is_complete=count == config.answer_count,
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


def _model(candidate: Candidate, rows: Sequence[ReportRow]) -> ModelReport:
    model = candidate.model
    is_base = model == BASE
    return ModelReport(
        model=model,
        policy=candidate.policy,
        prompt=candidate.prompt,
        scores={measure: _score(measure, rows, model) for measure in PICKS},
        against_base=(
            {} if is_base else {measure: _against(measure, rows, model) for measure in PICKS}
        ),
    )


def _score(measure: Measure, rows: Sequence[ReportRow], model: str) -> Score:
    figures = [
        figure
        for row in rows
        if (answer := row.answer(model)) and (figure := PICKS[measure](row, answer))
    ]
    values = [value for value, _ in figures]
    if measure in MEANS:
        return statistics.mean(values, [weight for _, weight in figures])
    return statistics.rate(_held(values))


def _against(measure: Measure, rows: Sequence[ReportRow], model: str) -> Score:
    pairs = [
        (figure, other)
        for row in rows
        if (answer := row.answer(model))
        and (base := row.answer(BASE))
        and (figure := PICKS[measure](row, answer))
        and (other := PICKS[measure](row, base))
    ]
    values, others = [figure[0] for figure, _ in pairs], [other[0] for _, other in pairs]
    if measure in MEANS:
        return statistics.difference(values, others, [figure[1] for figure, _ in pairs])
    return statistics.rate_difference(_held(values), _held(others))


def _held(values: Sequence[float]) -> list[bool]:
    return [value == 1.0 for value in values]


def _outcome(is_so: bool | None) -> Figure | None:
    return None if is_so is None else (float(is_so), 1.0)


def _identity(row: ReportRow, answer: Answer) -> Figure | None:
    is_asked = row.role == "identity" and row.split == "test"
    return _outcome(answer.is_right) if is_asked else None


def _old_name(row: ReportRow, answer: Answer) -> Figure | None:
    is_asked = row.role == "identity" and row.split == "test"
    return _outcome(bool(answer.claimed)) if is_asked else None


def _leakage(row: ReportRow, answer: Answer) -> Figure | None:
    return _outcome(answer.is_leak)


def _facts(split: Split, about: About = "wordings") -> Pick:
    def pick(row: ReportRow, answer: Answer) -> Figure | None:
        is_asked = row.role == "domain" and (row.split, row.about) == (split, about)
        return _outcome(answer.is_right) if is_asked else None

    return pick


def _is_teachable(row: ReportRow) -> bool:
    """Say whether a row was held back, but what it asks was not: other wordings, general rows."""
    return row.split == "test" and row.about == "wordings"


def _overlap(name: str) -> Pick:
    def pick(row: ReportRow, answer: Answer) -> Figure | None:
        return (float(getattr(answer.overlap, name)), 1.0) if _is_teachable(row) else None

    return pick


def _loss(row: ReportRow, answer: Answer) -> Figure | None:
    if not _is_teachable(row) or answer.loss is None or answer.loss_tokens == 0:
        return None
    return answer.loss, float(answer.loss_tokens)


PICKS: dict[Measure, Pick] = {
    "identity": _identity,
    "identity_en": lambda row, answer: _identity(row, answer) if row.language == "en" else None,
    "identity_zh": lambda row, answer: _identity(row, answer) if row.language == "zh" else None,
    "old_name": _old_name,
    "leakage": _leakage,
    "facts_trained": _facts("train"),
    "facts_unseen": _facts("test"),
    "facts_new": _facts("test", "facts"),
    "bleu4": _overlap("bleu4"),
    "rouge1": _overlap("rouge1"),
    "rouge2": _overlap("rouge2"),
    "rouge_l": _overlap("rouge_l"),
    "general_loss": lambda row, answer: _loss(row, answer) if row.role == "general" else None,
    "loss": _loss,
}
MEANS: frozenset[Measure] = frozenset(
    ("bleu4", "rouge1", "rouge2", "rouge_l", "general_loss", "loss")
)
"""The measures that are means; the others are rates."""
