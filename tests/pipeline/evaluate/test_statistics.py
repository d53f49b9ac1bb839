"""Scores carry how sure they are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate import statistics
from pipeline.evaluate.statistics import NO_SCORE, Score, difference, mean, rate, rate_difference


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_a_rate_has_wilsons_interval(right: int, n: int, low: float, high: float):
    score = rate([True] * right + [False] * (n - right))
    assert score.value == right / n
    assert score.n == n
    assert score.low == pytest.approx(low, abs=1e-4)
    assert score.high == pytest.approx(high, abs=1e-4)


def test_no_rows_are_no_score():
    assert rate([]) == mean([]) == difference([], []) == mean([1.0], [0.0]) == NO_SCORE
    assert rate_difference([], []) == NO_SCORE


def paired(both: int, only: int, other: int, neither: int) -> Score:
    outcomes = [True] * both + [True] * only + [False] * other + [False] * neither
    others = [True] * both + [False] * only + [True] * other + [False] * neither
    return rate_difference(outcomes, others)


@pytest.mark.parametrize(
    ("counts", "value", "low", "high"),
    [((36, 12, 2, 0), 0.2, 0.0569, 0.3404), ((0, 10, 0, 0), 1.0, 0.6075, 1.0)],
    ids=["Newcombe's example", "every row goes one way"],
)
def test_a_difference_of_rates_has_newcombes_interval(
    counts: tuple[int, int, int, int], value: float, low: float, high: float
):
    score = paired(*counts)
    assert (score.value, score.low, score.high) == pytest.approx((value, low, high), abs=1e-4)


def test_two_rows_prove_nothing():
    score = paired(1, 0, 0, 1)
    assert score.low is not None
    assert score.high is not None
    assert (score.value, score.low < -0.5, score.high > 0.5) == (0.0, True, True)


def test_a_mean_is_weighted_and_repeats_to_the_digit():
    score = mean([1.0, 4.0], [3.0, 1.0])
    assert score.value == 1.75
    assert score == mean([1.0, 4.0], [3.0, 1.0])


def test_equal_rows_leave_no_doubt():
    assert mean([2.0] * 7) == Score(2.0, 7, 2.0, 2.0)


def test_a_paired_difference_sees_what_single_intervals_hide():
    source = random.Random(1)
    base = [source.gauss(50, 20) for _ in range(60)]
    adapter = [value + 3 + source.gauss(0, 1) for value in base]
    paired = difference(adapter, base)
    assert paired.value == pytest.approx(3, abs=0.5)
    assert paired.low is not None
    assert paired.low > 2
    alone, other = mean(adapter), mean(base)
    assert alone.low is not None
    assert other.high is not None
    assert alone.low < other.high


def test_a_bootstrap_interval_is_about_two_standard_errors():
    values = [float(number % 2) for number in range(400)]
    score = mean(values)
    assert score.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.008)
    assert score.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.008)


def test_memory_is_bounded_and_the_figures_stay_the_same(monkeypatch: pytest.MonkeyPatch):
    whole = mean([1.0, 2.0, 5.0, 9.0])
    monkeypatch.setattr(statistics, "_CELLS", 4)
    assert mean([1.0, 2.0, 5.0, 9.0]) == whole


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="longer"):
        difference([1.0], [1.0, 2.0])


@given(st.lists(st.booleans(), min_size=1))
def test_the_interval_holds_the_value(outcomes: list[bool]):
    score = rate(outcomes)
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    assert 0 <= score.low <= score.value <= score.high <= 1
