"""95 % intervals hold the truth about 95 times in 100: a simulation with a known truth."""

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.evaluate import statistics
from pipeline.evaluate.statistics import Score, difference, mean, rate, rate_difference

TRIALS = 2000
Draw = Callable[[np.random.Generator], Score]


def coverage(draw: Draw, truth: float) -> float:
    """The share of trials whose interval holds the truth."""
    random = np.random.default_rng(7)
    scores = [draw(random) for _ in range(TRIALS)]
    return sum((s.low or 0.0) <= truth <= (s.high or 0.0) for s in scores) / TRIALS


def facts(random: np.random.Generator, share: float) -> tuple[list[bool], list[str]]:
    """30 facts in 3 wordings: whether a fact is known decides most of its wordings."""
    known = random.beta(share * 0.8, (1 - share) * 0.8, 30)
    outcomes = random.random((30, 3)) < known[:, None]
    return outcomes.flatten().tolist(), [str(n // 3) for n in range(90)]


def paired_facts(random: np.random.Generator) -> Score:
    """The difference of two models over the same facts: 70 % and 40 %."""
    hard = random.random(60)
    one, other = hard + random.normal(0, 0.2, 60) < 0.7, hard + random.normal(0, 0.2, 60) < 0.4
    return rate_difference(one.tolist(), other.tolist())


def truth_of_paired() -> float:
    random = np.random.default_rng(0)
    hard = random.random(400_000)
    noise = random.normal(0, 0.2, (2, 400_000))
    return float((hard + noise[0] < 0.7).mean() - (hard + noise[1] < 0.4).mean())


def two_kinds(random: np.random.Generator) -> Score:
    """Overlaps of answers that are nearly right, or not at all."""
    near, far = random.normal(95, 3, 30), random.normal(35, 15, 30)
    return mean(np.where(random.random(30) < 0.3, near, far).tolist())


def paired_overlaps(random: np.random.Generator) -> Score:
    base = random.normal(50, 20, 30)
    return difference(base.tolist(), (base - random.normal(3, 10, 30)).tolist())


def mostly_alike(random: np.random.Generator) -> Score:
    changes = np.where(random.random(50) < 0.4, 0, random.normal(5, 10, 50))
    return difference(changes.tolist(), [0.0] * 50)


CASES: dict[str, tuple[Draw, float]] = {
    "rate of 20 at 0.5": (lambda r: rate((r.random(20) < 0.5).tolist()), 0.5),
    "rate of 60 at 0.85": (lambda r: rate((r.random(60) < 0.85).tolist()), 0.85),
    "rate of 30 facts in 3 wordings": (lambda r: rate(*facts(r, 0.6)), 0.6),
    "difference of rates": (paired_facts, truth_of_paired()),
    "mean loss of 20": (lambda r: mean(r.gamma(2, 1, 20).tolist()), 2.0),
    "mean loss of 50, weighted": (
        lambda r: mean(r.gamma(2, 1, 50).tolist(), r.integers(3, 40, 50).tolist()),
        2.0,
    ),
    "mean overlap of 30, two kinds of answers": (two_kinds, 0.3 * 95 + 0.7 * 35),
    "paired difference of 30": (paired_overlaps, 3.0),
    "paired difference of 50, most rows alike": (mostly_alike, 3.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_interval_covers_93_to_97_in_100(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)
    draw, truth = CASES[name]
    assert 0.93 <= coverage(draw, truth) <= 0.97
