"""Figures with their uncertainty: a score is a value, how many rows it rests on, and an interval.

Rates get Wilson's interval and their differences Newcombe's. Means get a studentised bootstrap over
rows, differences of means a paired one; the plain percentile bootstrap covers 87 to 92 % at twenty
rows where it promises 95 (decision 200). The seed is fixed: the same rows give the same figures.
Rows that ask for one fact in several wordings are not independent; where a caller says which rows
belong together (`groups`), they count for as much as they tell apart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

Z_95 = 1.959963984540054
RESAMPLES = 2000
SEED = 20240
FEW = 8
"""Below so many rows a resample often has no spread to be studentised by."""
_CELLS = 2_000_000
"""Random row numbers held at once: bounds the memory of a bootstrap over many rows."""
Groups = Sequence[str]
"""For each row what it belongs to: wordings of one fact share a name."""


@dataclass(frozen=True, slots=True)
class Score:
    """A figure over n rows and its 95 % interval; all None where n is 0."""

    value: float | None
    n: int
    low: float | None
    high: float | None


NO_SCORE = Score(None, 0, None, None)


def rate(outcomes: Sequence[bool], groups: Groups | None = None) -> Score:
    """Return the share of True, 0 to 1, with the Wilson score interval (Wilson 1927).

    With groups the interval is that of as many independent rows as these are worth.
    """
    n = len(outcomes)
    if n == 0:
        return NO_SCORE
    share = sum(outcomes) / n
    worth = n if groups is None else _worth(outcomes, groups)
    centre = (share + Z_95**2 / (2 * worth)) / (1 + Z_95**2 / worth)
    spread = sqrt(share * (1 - share) / worth + Z_95**2 / (4 * worth**2))
    half = Z_95 / (1 + Z_95**2 / worth) * spread
    return Score(share, n, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def rate_difference(
    outcomes: Sequence[bool], others: Sequence[bool], groups: Groups | None = None
) -> Score:
    """Return the share of True minus that of the others, row by row the same rows.

    The interval is Newcombe's for paired proportions (method 10, 1998). A bootstrap would have no
    width at all where every row goes one way, however few they are.
    """
    pairs = list(zip(outcomes, others, strict=True))
    one, other = rate(outcomes, groups), rate(others, groups)
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


def mean(
    values: Sequence[float],
    weights: Sequence[float] | None = None,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Score:
    """Return the (weighted) mean with a studentised bootstrap interval (Efron 1981).

    `within` is what the figure can be at all: the interval does not leave it.
    """
    drawn = _bootstrap(np.asarray(values, dtype=float), weights)
    if drawn is None:
        return NO_SCORE
    n, value, error, means, errors = drawn
    if n < FEW:
        tail = _tail(n)
        low, high = np.quantile(means, [tail, 1 - tail])
        return Score(value, n, float(max(low, within[0])), float(min(high, within[1])))
    steps = np.where(errors > 0, (means - value) / np.where(errors > 0, errors, 1.0), 0.0)
    below, above = np.quantile(steps, [0.025, 0.975])
    low, high = value - max(above, 0.0) * error, value - min(below, 0.0) * error
    return Score(value, n, float(max(low, within[0])), float(min(high, within[1])))


def difference(
    values: Sequence[float], others: Sequence[float], weights: Sequence[float] | None = None
) -> Score:
    """Return the (weighted) mean of values minus others, row by row, with a paired bootstrap.

    Both sequences are of the same rows in the same order. An interval that holds 0 says: with
    these rows the two cannot be told apart. The percentiles are taken further out than 2.5 and 97.5
    where rows are few (the expanded percentile interval, Hesterberg 2015).
    """
    pairs = zip(values, others, strict=True)
    drawn = _bootstrap(np.asarray([value - other for value, other in pairs], dtype=float), weights)
    if drawn is None:
        return NO_SCORE
    n, value, _, means, _ = drawn
    tail = _tail(n)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Score(value, n, float(low), float(high))


def _worth(outcomes: Sequence[bool], groups: Groups) -> float:
    """Return how many independent rows the rows are worth: from the groups' number to their own.

    The variance that the groups show over the one that independent rows would have (Kish's design
    effect); where all rows go one way it cannot be seen, and each group counts once.
    """
    sizes: Counter[str] = Counter(groups)
    right: Counter[str] = Counter()
    for outcome, group in zip(outcomes, groups, strict=True):
        right[group] += outcome
    n, count = len(outcomes), len(sizes)
    share = sum(outcomes) / n
    if count < 2 or share in (0.0, 1.0):
        return count
    squares = sum((right[group] - share * size) ** 2 for group, size in sizes.items())
    variance = count / (count - 1) * squares / n**2
    return n if variance == 0 else min(max(share * (1 - share) / variance, count), n)


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


Drawn = tuple[int, float, float, "np.ndarray", "np.ndarray"]
"""Rows, the mean and its standard error, and both of each resample."""


def _bootstrap(values: "np.ndarray", weights: Sequence[float] | None) -> Drawn | None:
    n = len(values)
    scale = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if n == 0 or scale.sum() <= 0:
        return None
    random = np.random.default_rng(SEED)
    value, error = _mean_and_error(values[None], scale[None])
    means, errors = np.empty(0), np.empty(0)
    while len(means) < RESAMPLES:
        draws = random.integers(0, n, (min(RESAMPLES - len(means), max(1, _CELLS // n)), n))
        drawn_means, drawn_errors = _mean_and_error(values[draws], scale[draws])
        # A resample of weightless rows alone says nothing; it counts as the whole.
        is_known = scale[draws].sum(axis=1) > 0
        means = np.append(means, np.where(is_known, drawn_means, value[0]))
        errors = np.append(errors, np.where(is_known, drawn_errors, 0.0))
    return n, float(value[0]), float(error[0]), means, errors


def _mean_and_error(values: "np.ndarray", scale: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Return the weighted mean of each line and its standard error (of a ratio, by linearising)."""
    n = values.shape[1]
    totals = scale.sum(axis=1)
    safe = np.where(totals > 0, totals, 1.0)
    means = (values * scale).sum(axis=1) / safe
    squares = ((scale * (values - means[:, None])) ** 2).sum(axis=1)
    return means, np.sqrt(squares * n / max(n - 1, 1)) / safe


def _tail(n: int) -> float:
    """Return the share to cut on either side for n rows: Student's t in place of the normal."""
    if n < 2:
        return 0.0
    # Cornish and Fisher's expansion of t's quantile: within 0.3 % from five rows on.
    z, free = Z_95, n - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return erfc(sqrt(n / (n - 1)) * t / sqrt(2)) / 2
