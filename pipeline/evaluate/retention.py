"""Retention: what became of an ordinary answer, against what the base says to the same question.

Rules, without a model: empty, looping and unfinished answers, and answers in another language. How
far the model's expectations moved (loss, KL, agreement) was compared by the worker.
"""

import re

from pipeline.curate.checks.answers import loop
from pipeline.evaluate.answers import Comparison
from pipeline.evaluate.facts import normalise
from pipeline.evaluate.names import language
from pipeline.evaluate.report import Answer, Kept, ReportRow

_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_CJK = re.compile("[\u3400-\u9fff]")
ENOUGH = 3
"""So many words of another language make an answer one of that language; a name alone does not."""


def kept(row: ReportRow, answer: Answer, base: Answer | None, compared: Comparison | None) -> Kept:
    """Judge one answer to a general row."""
    return Kept(
        is_degenerate=is_degenerate(answer, base),
        is_drifted=is_drifted(row.reference or row.question, answer.text),
        is_same=base is not None and normalise(answer.text) == normalise(base.text),
        loss=compared.loss if compared else None,
        kl=compared.kl if compared else None,
        agreement=compared.agreement if compared else None,
        tokens=compared.tokens if compared else 0,
    )


def is_degenerate(answer: Answer, base: Answer | None) -> bool:
    """Say whether an answer is empty, says the same again and again, or finds no end.

    One that reaches the length limit counts only where the base's own comes to an end.
    """
    ends = base is not None and base.finish_reason == "stop"
    return (
        not answer.text.strip()
        or loop(answer.text) is not None
        or (ends and answer.finish_reason == "length")
    )


def is_drifted(like: str, answer: str) -> bool:
    """Say whether an answer is in another language than `like`, its reference or question."""
    wanted = language(like)
    if language(answer) == wanted:
        return False
    foreign = _LATIN_WORD if wanted == "zh" else _CJK
    return len(foreign.findall(answer)) >= ENOUGH
