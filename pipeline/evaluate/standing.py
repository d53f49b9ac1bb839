"""Which checkpoint to use: what each model has learned against what it has kept.

Learned is the share of held-back questions of identity and of the fields that are right, kept the
share of the base's own words that are still the first choice. Recommended is, of those that no
other has learned more than for certain, the one that kept most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.evaluate.config import BASE
from pipeline.evaluate.measures import group_of
from pipeline.evaluate.report import Answer, Report, ReportRow
from pipeline.evaluate.shipped import is_shipped
from pipeline.evaluate.statistics import NO_SCORE, Score, rate, rate_difference

Reason = Literal["only", "learned_most", "kept_more", "nothing_learned"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a model stands."""

    model: str
    learned: Score
    kept: Score
    is_on_frontier: bool
    """Whether no other has both learned and kept as much, and one of them more."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The model to use, and why."""

    model: str
    reason: Reason
    against_base: Score
    """What it has learned more than the base, over the same questions."""
    as_good: tuple[str, ...]
    """Others that cannot be told from the one that learned most."""


def standings(report: Report) -> tuple[Standing, ...]:
    """Return where every model stands, the base first."""
    learned = {each.model: _learned(report.rows, each.model) for each in report.models}
    kept = {each.model: _kept(report, each.model) for each in report.models}
    places = {name: (learned[name].value or 0.0, kept[name].value or 0.0) for name in learned}
    return tuple(
        Standing(
            model=name,
            learned=learned[name],
            kept=kept[name],
            is_on_frontier=not any(_is_beaten(place, other) for other in places.values()),
        )
        for name, place in places.items()
    )


def recommended(report: Report) -> Recommendation | None:
    """Return the model to use; None where nothing was asked that could tell."""
    tuned = [each for each in standings(report) if each.model != BASE and each.learned.n]
    if not tuned:
        return None
    best = max(tuned, key=lambda each: each.learned.value or 0.0)
    equal = [
        each
        for each in tuned
        if each is best or not _is_above(compared(report.rows, best.model, each.model))
    ]
    chosen = max(equal, key=lambda each: (each.kept.value or 0.0, each.learned.value or 0.0))
    gain = compared(report.rows, chosen.model, BASE)
    return Recommendation(
        model=chosen.model,
        reason=_reason(chosen, best, tuned, gain),
        against_base=gain,
        as_good=tuple(each.model for each in equal if each is not chosen),
    )


def compared(rows: Sequence[ReportRow], model: str, other: str) -> Score:
    """Return what a model has learned more than another, over the rows that both answered."""
    pairs = [
        (row, mine, theirs)
        for row in rows
        if (mine := _is_right(row, row.answer(model))) is not None
        and (theirs := _is_right(row, row.answer(other))) is not None
    ]
    return rate_difference(
        [mine for _, mine, _ in pairs],
        [theirs for _, _, theirs in pairs],
        [group_of(row) for row, _, _ in pairs],
    )


def _reason(chosen: Standing, best: Standing, tuned: Sequence[Standing], gain: Score) -> Reason:
    if not _is_above(gain):
        return "nothing_learned"
    if len(tuned) == 1:
        return "only"
    return "learned_most" if chosen is best else "kept_more"


def _learned(rows: Sequence[ReportRow], model: str) -> Score:
    judged = [
        (row, is_right)
        for row in rows
        if (is_right := _is_right(row, row.answer(model))) is not None
    ]
    return rate([is_right for _, is_right in judged], [group_of(row) for row, _ in judged])


def _is_right(row: ReportRow, answer: Answer | None) -> bool | None:
    """Whether a held-back question is answered rightly; None where it tells nothing of learning.

    A field's question without key facts is judged by the contrast.
    """
    is_asked = row.split == "test" and row.about == "wordings" and not is_shipped(row.file)
    if answer is None or not is_asked or row.role == "general":
        return None
    if answer.is_right is None and (weighed := answer.weighed_as("asked")):
        return weighed.is_right
    return answer.is_right


def _kept(report: Report, model: str) -> Score:
    if model != BASE:
        return report.model(model).score("agreement")
    compared_rows = max((each.score("agreement").n for each in report.models), default=0)
    return Score(1.0, compared_rows, 1.0, 1.0) if compared_rows else NO_SCORE


def _is_above(change: Score) -> bool:
    return (change.low or 0.0) > 0


def _is_beaten(place: tuple[float, float], other: tuple[float, float]) -> bool:
    return other != place and other[0] >= place[0] and other[1] >= place[1]
