"""The measures: what each row's answer adds to each of them.

A pick gives a row's figure and its weight, or nothing where the row is not about the measure.
"""

from collections.abc import Callable
from math import inf

from pipeline.evaluate.config import BASE, About, Form, Split
from pipeline.evaluate.facts import normalise
from pipeline.evaluate.report import Answer, Kept, Measure, ReportRow, Weighed
from pipeline.evaluate.shipped import is_shipped

Figure = tuple[float, float]
"""A row's figure and its weight."""
Pick = Callable[[ReportRow, Answer], Figure | None]
"""What a row's answer adds to a measure; None: nothing."""


def group_of(row: ReportRow) -> str:
    """Return what a row belongs to: wordings of one fact are asked of one piece of knowledge."""
    if row.role == "domain":
        return f"{row.dataset} {normalise(row.reference)}"
    return f"{row.file} {row.row}"


def _outcome(is_so: bool | None) -> Figure | None:
    return None if is_so is None else (float(is_so), 1.0)


def _is_held_back_name(row: ReportRow) -> bool:
    """Whether a row asks who the model is in the export's own held-back words."""
    return row.role == "identity" and row.split == "test" and not is_shipped(row.file)


def _identity(row: ReportRow, answer: Answer) -> Figure | None:
    return _outcome(answer.is_right) if _is_held_back_name(row) else None


def _old_name(row: ReportRow, answer: Answer) -> Figure | None:
    return _outcome(bool(answer.claimed)) if _is_held_back_name(row) else None


def _leakage(row: ReportRow, answer: Answer) -> Figure | None:
    return _outcome(answer.is_leak)


def _facts(split: Split, about: About = "wordings") -> Pick:
    def pick(row: ReportRow, answer: Answer) -> Figure | None:
        is_asked = row.role == "domain" and (row.split, row.about) == (split, about)
        return _outcome(answer.is_right) if is_asked else None

    return pick


def _is_teachable(row: ReportRow) -> bool:
    """Say whether a row was held back, but what it asks was not: other wordings, general rows.

    What ships with Graft has no reference answer to be compared with.
    """
    return row.split == "test" and row.about == "wordings" and not is_shipped(row.file)


def _contrast(split: Split, about: About, form: Form, judged: Callable[[Weighed], bool]) -> Pick:
    def pick(row: ReportRow, answer: Answer) -> Figure | None:
        is_asked = row.role == "domain" and (row.split, row.about) == (split, about)
        weighed = answer.weighed_as(form) if is_asked else None
        return _outcome(judged(weighed)) if weighed else None

    return pick


def _both(weighed: Weighed) -> bool:
    return weighed.is_right


def _near(weighed: Weighed) -> bool:
    return weighed.beats_near


def _others(weighed: Weighed) -> bool:
    return weighed.beats_others


def _exact(row: ReportRow, answer: Answer) -> Figure | None:
    return _outcome(answer.is_exact) if _is_teachable(row) and row.role == "domain" else None


def _chrf(row: ReportRow, answer: Answer) -> Figure | None:
    return (answer.chrf, 1.0) if _is_teachable(row) else None


def _general(judged: Callable[[Kept], bool]) -> Pick:
    def pick(_: ReportRow, answer: Answer) -> Figure | None:
        return _outcome(judged(answer.kept)) if answer.kept else None

    return pick


def _same(_: ReportRow, answer: Answer) -> Figure | None:
    # The base is never compared with itself.
    return _outcome(answer.kept.is_same) if answer.kept and answer.model != BASE else None


def _compared(name: str) -> Pick:
    def pick(_: ReportRow, answer: Answer) -> Figure | None:
        value = getattr(answer.kept, name) if answer.kept else None
        return None if value is None or not answer.kept else (value, float(answer.kept.tokens))

    return pick


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
    "contrast_trained": _contrast("train", "wordings", "asked", _both),
    "contrast_unseen": _contrast("test", "wordings", "asked", _both),
    "contrast_new": _contrast("test", "facts", "asked", _both),
    "contrast_trained_bare": _contrast("train", "wordings", "bare", _both),
    "contrast_unseen_bare": _contrast("test", "wordings", "bare", _both),
    "contrast_new_bare": _contrast("test", "facts", "bare", _both),
    "near_trained": _contrast("train", "wordings", "asked", _near),
    "near_unseen": _contrast("test", "wordings", "asked", _near),
    "others_trained": _contrast("train", "wordings", "asked", _others),
    "others_unseen": _contrast("test", "wordings", "asked", _others),
    "exact": _exact,
    "chrf": _chrf,
    "bleu4": _overlap("bleu4"),
    "rouge1": _overlap("rouge1"),
    "rouge2": _overlap("rouge2"),
    "rouge_l": _overlap("rouge_l"),
    "general_loss": lambda row, answer: _loss(row, answer) if row.role == "general" else None,
    "loss": _loss,
    "agreement": _compared("agreement"),
    "same_answer": _same,
    "kl": _compared("kl"),
    "base_loss": _compared("loss"),
    "degenerate": _general(lambda kept: kept.is_degenerate),
    "drifted": _general(lambda kept: kept.is_drifted),
}
WITHIN: dict[Measure, tuple[float, float]] = {
    **dict.fromkeys(("chrf", "bleu4", "rouge1", "rouge2", "rouge_l"), (0.0, 100.0)),
    **dict.fromkeys(("general_loss", "loss", "kl", "base_loss"), (0.0, inf)),
    "agreement": (0.0, 1.0),
}
"""The measures that are means, with what they can be at all; the others are rates."""
MEANS: frozenset[Measure] = frozenset(WITHIN)
