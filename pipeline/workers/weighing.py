"""Weighs answers that nobody wrote now: right ones against wrong ones, and the base's own.

Both read a prompt's rows in batches that stay within the plan's tokens, and halve a batch that the
memory refuses.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pipeline.evaluate import questions
from pipeline.evaluate.answers import Comparison, ContrastLine, RawAnswer
from pipeline.evaluate.config import BASE, Candidate, EvaluationConfig, Form, forms
from pipeline.evaluate.contrast import Contrast, Fact, contrasts
from pipeline.evaluate.questions import Question
from pipeline.workers.answers import context_tokens
from pipeline.workers.asking import Asker, Prepared
from pipeline.workers.candidates import (
    Asked,
    Closeness,
    closeness,
    likelihoods,
    read_answers,
)
from pipeline.workers.generate import only
from pipeline.workers.memory import is_out_of_memory

WEIGHED_TOKENS = 1024
"""Answer tokens whose logits are held at once: over a large vocabulary they fill the memory."""
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A question in one form, with the answers that are weighed: the right one stands first."""

    question: Question
    form: Form
    contrast: Contrast
    asked: Asked

    def share(self, batch_tokens: int) -> float:
        """The share of a batch that it takes: of answers' logits, or of the prompt's copies."""
        count, longest = len(self.asked.answers), max(map(len, self.asked.answers))
        held = count * (len(self.asked.prompt) + longest)
        return max(count * longest / WEIGHED_TOKENS, held / batch_tokens)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A general row, the base's answer in place of its reference; empty where it said nothing."""

    row: Prepared
    models: tuple[str, ...]
    """For which it is still to be compared."""


def wrong_answers(asker: Asker) -> dict[tuple[str, int], Contrast]:
    """Return the wrong answers of every question of a field: file and row → contrast."""
    plan = asker.plan
    found: dict[tuple[str, int], Contrast] = {}
    datasets = {file.dataset for file in plan.files if file.role == "domain"}
    for dataset in sorted(datasets) if plan.wrong_answers else ():
        rows = questions.field(plan, dataset)
        facts = [Fact(row.bare, row.reference, row.facts) for row in rows]
        made = contrasts(facts, plan.wrong_answers)
        found |= {(row.file, row.row): each for row, each in zip(rows, made, strict=True)}
    return found


def contrast_lines(
    asker: Asker,
    candidate: Candidate,
    rows: Sequence[tuple[Question, Form]],
    wrong: dict[tuple[str, int], Contrast],
) -> Iterator[list[ContrastLine]]:
    """Weigh the right answer of each question against its wrong ones; yield batch by batch.

    A question without wrong answers of both kinds gets a line all the same, which does not count.
    """
    model = candidate.model
    weighed = [_weighed(asker, model, *row, wrong[row[0].file, row[0].row]) for row in rows]
    empty = [each for each in weighed if not _is_weighable(asker, each)]
    if empty:
        yield [_line(model, each, [None]) for each in empty]

    def weigh(batch: Sequence[Weighed]) -> list[ContrastLine]:
        with only(asker.model, model):
            found = likelihoods(asker.model, [each.asked for each in batch], asker.pad_id(model))
        return [_line(model, each, values) for each, values in zip(batch, found, strict=True)]

    whole = [each for each in weighed if _is_weighable(asker, each)]
    for batch in _batches(whole, lambda each: each.share(asker.plan.batch_tokens)):
        if asker.should_stop():
            return
        yield _halved(weigh, batch)


def compared(
    asker: Asker,
    candidates: Sequence[Candidate],
    rows: dict[str, list[tuple[Question, RawAnswer]]],
) -> Iterator[list[Comparison]]:
    """Compare models with the base on the base's own answers, to the general rows of each.

    `rows` are those open for each model. Models that are asked the same prompt share the base's
    pass over it.
    """
    for group in _asked_alike(candidates):
        rows_open = _open_rows(asker, [each.model for each in group], rows)
        silent = [
            _comparison(each.row.question, model, None, 0)
            for each in rows_open
            for model in each.models
            if not each.row.reference
        ]
        if silent:
            yield silent
        spoken = [each for each in rows_open if each.row.reference]
        for batch in _batches(spoken, partial(_share, asker.plan.batch_tokens)):
            if asker.should_stop():
                return
            yield _halved(partial(_compared, asker), batch)


def _asked_alike(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for each in candidates:
        groups.setdefault((each.policy, each.prompt), []).append(each)
    return list(groups.values())


def _open_rows(
    asker: Asker, models: Sequence[str], rows: dict[str, list[tuple[Question, RawAnswer]]]
) -> list[OpenRow]:
    """Return each row once, with the models for which it is still to be compared."""
    asked: dict[tuple[str, int], tuple[Question, RawAnswer]] = {}
    waiting: dict[tuple[str, int], list[str]] = {}
    for model in models:
        for question, said in rows.get(model, ()):
            asked[question.file, question.row] = question, said
            waiting.setdefault((question.file, question.row), []).append(model)
    return [
        OpenRow(_with_answer(asker, models[0], question, said), tuple(waiting[key]))
        for key, (question, said) in asked.items()
    ]


def _with_answer(asker: Asker, model: str, question: Question, said: RawAnswer) -> Prepared:
    """The question with the base's answer in place of its reference, without a made-up end."""
    prepared = asker.prepare(model, replace(question, reference=said.answer))
    if not said.answer:
        return replace(prepared, reference=())
    if said.finish_reason == "stop" or len(prepared.reference) < 2:
        return prepared
    return replace(prepared, reference=prepared.reference[:-1])


def _compared(asker: Asker, batch: Sequence[OpenRow]) -> list[Comparison]:
    """Let the base and then each model read the batch; every row is compared with each of its."""
    models = list(dict.fromkeys(model for each in batch for model in each.models))
    rows = [(each.row.prompt, each.row.reference) for each in batch]
    pad_id = asker.pad_id(models[0])
    with only(asker.model, BASE):
        base = read_answers(asker.model, rows, pad_id)
    lines = []
    for model in models:
        mine = [place for place, each in enumerate(batch) if model in each.models]
        with only(asker.model, model):
            read = read_answers(asker.model, [rows[place] for place in mine], pad_id)
        for place, ours in zip(mine, read, strict=True):
            row = batch[place].row
            found = closeness(ours, base[place])
            lines.append(_comparison(row.question, model, found, len(row.reference)))
    return lines


def _comparison(question: Question, model: str, found: Closeness | None, tokens: int) -> Comparison:
    return Comparison(
        file=question.file,
        row=question.row,
        model=model,
        loss=found.loss if found else None,
        base_loss=found.base_loss if found else None,
        kl=found.kl if found else None,
        agreement=found.agreement if found else None,
        tokens=tokens,
    )


def _weighed(
    asker: Asker, model: str, question: Question, form: Form, contrast: Contrast
) -> Weighed:
    if form == "bare":
        question = replace(question, text=question.bare)
    answers = (question.reference, *contrast.near, *contrast.others)
    made = [asker.prepare(model, replace(question, reference=answer)) for answer in answers]
    asked = Asked(made[0].prompt, tuple(each.reference for each in made))
    return Weighed(question, form, contrast, asked)


def _is_weighable(asker: Asker, weighed: Weighed) -> bool:
    """Whether there are wrong answers of both kinds, and the model's window holds them."""
    window = context_tokens(asker.model)
    longest = len(weighed.asked.prompt) + max(map(len, weighed.asked.answers))
    return weighed.contrast.is_whole and (window is None or longest <= window)


def _line(model: str, weighed: Weighed, values: Sequence[float | None]) -> ContrastLine:
    right, *wrong = values
    known = [value for value in wrong if value is not None]
    middle = len(weighed.contrast.near)
    texts = (*weighed.contrast.near, *weighed.contrast.others)
    likeliest = max(range(len(known)), key=known.__getitem__, default=None)
    return ContrastLine(
        file=weighed.question.file,
        row=weighed.question.row,
        model=model,
        form=weighed.form,
        right=right,
        near=tuple(known[:middle]),
        others=tuple(known[middle:]),
        likeliest_wrong="" if likeliest is None else texts[likeliest],
    )


def forms_of(plan: EvaluationConfig, question: Question) -> tuple[Form, ...]:
    """Return the forms in which a question of a field is weighed; none for other questions."""
    file = plan.file(question.file)
    return forms(file) if file.role == "domain" and plan.wrong_answers else ()


def _share(batch_tokens: int, each: OpenRow) -> float:
    row = each.row
    longest = len(row.prompt) + len(row.reference)
    return max(len(row.reference) / WEIGHED_TOKENS, longest / batch_tokens)


def _batches(rows: Iterable[T], share: Callable[[T], float]) -> Iterator[list[T]]:
    """Group rows of like size, the largest first, so that a batch is not above its bounds."""
    batch: list[T] = []
    for row in sorted(rows, key=share, reverse=True):
        if batch and (len(batch) + 1) * share(batch[0]) > 1:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _halved(work: Callable[[Sequence[T]], list[R]], batch: Sequence[T]) -> list[R]:
    """Do a batch; one that the memory refuses is halved until it is a single row."""
    try:
        return work(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error) or len(batch) == 1:
            raise
    middle = len(batch) // 2
    return _halved(work, batch[:middle]) + _halved(work, batch[middle:])
