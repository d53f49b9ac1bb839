"""Figures with their uncertainty: a score is a value, how many rows it rests on, and an interval.

Rates get Wilson's interval, means and differences a bootstrap over rows with a fixed seed: the same
rows give the same figures. Rows that ask for one fact in several wordings are not independent: for
those the intervals are too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

Z_95 = 1.959963984540054
RESAMPLES = 2000
SEED = 20240
_CELLS = 2_000_000
"""Random row numbers held at once: bounds the memory of a bootstrap over many rows."""


@dataclass(frozen=True, slots=True)
class Score:
    """A figure over n rows and its 95 % interval; all None where n is 0."""

    value: float | None
    n: int
    low: float | None
    high: float | None


NO_SCORE = Score(None, 0, None, None)


def rate(outcomes: Sequence[bool]) -> Score:
    """Return the share of True, 0 to 1, with the Wilson score interval (Wilson 1927)."""
    n = len(outcomes)
    if n == 0:
        return NO_SCORE
    share = sum(outcomes) / n
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    return Score(share, n, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> Score:
    """Return the (weighted) mean with a percentile bootstrap interval (Efron 1979)."""
    return _bootstrap(np.asarray(values, dtype=float), weights)


def difference(
    values: Sequence[float], others: Sequence[float], weights: Sequence[float] | None = None
) -> Score:
    """Return the (weighted) mean of values minus others, row by row, with a paired bootstrap.

    Both sequences are of the same rows in the same order. An interval that holds 0 says: with
    these rows the two cannot be told apart.
    """
    pairs = zip(values, others, strict=True)
    return _bootstrap(np.asarray([value - other for value, other in pairs], dtype=float), weights)


def _bootstrap(values: "np.ndarray", weights: Sequence[float] | None) -> Score:
    n = len(values)
    scale = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if n == 0 or scale.sum() <= 0:
        return NO_SCORE
    random = np.random.default_rng(SEED)
    value = float((values * scale).sum() / scale.sum())
    means: list[float] = []
    while len(means) < RESAMPLES:
        draws = random.integers(0, n, (min(RESAMPLES - len(means), max(1, _CELLS // n)), n))
        totals = scale[draws].sum(axis=1)
        # A resample of weightless rows alone says nothing; it counts as the whole.
        sums = np.where(totals > 0, (values * scale)[draws].sum(axis=1), value)
        means.extend((sums / np.where(totals > 0, totals, 1)).tolist())
    low, high = np.quantile(means, [0.025, 0.975])
    return Score(value, n, float(low), float(high))
