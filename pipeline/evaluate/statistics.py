"""Figures with their uncertainty: a score is a value, how many rows it rests on, and an interval.

Rates get Wilson's interval and their differences Newcombe's; means and theirs get a bootstrap over
rows with a fixed seed: the same rows give the same figures. Rows that ask for one fact in several
wordings are not independent: for those the intervals are too narrow.
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


def rate_difference(outcomes: Sequence[bool], others: Sequence[bool]) -> Score:
    """Return the share of True minus that of the others, row by row the same rows.

    The interval is Newcombe's for paired proportions (method 10, 1998). A bootstrap would have no
    width at all where every row goes one way, however few they are.
    """
    pairs = list(zip(outcomes, others, strict=True))
    one, other = rate(outcomes), rate(others)
    if one.value is None or other.value is None:
        return NO_SCORE
    link = _correlation(pairs)
    down, other_up = one.value - (one.low or 0.0), (other.high or 0.0) - other.value
    up, other_down = (one.high or 0.0) - one.value, other.value - (other.low or 0.0)
    value = one.value - other.value
    return Score(
        value,
        len(pairs),
        value - sqrt(down**2 - 2 * link * down * other_up + other_up**2),
        value + sqrt(up**2 - 2 * link * up * other_down + other_down**2),
    )


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


def _correlation(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Return how two outcomes go together, with Newcombe's correction; 0 where one never varies."""
    n, both = len(pairs), pairs.count((True, True))
    only, other = pairs.count((True, False)), pairs.count((False, True))
    neither = n - both - only - other
    margins = (both + only) * (other + neither) * (both + other) * (only + neither)
    if margins == 0:
        return 0.0
    product = float(both * neither - only * other)
    return (max(product - n / 2, 0.0) if product > 0 else product) / sqrt(margins)


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
