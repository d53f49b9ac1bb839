"""The loss curve: what is drawn, thinned and smoothed."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.train.curve import points, smooth, thinned
from pipeline.train.events import Point

losses = st.lists(st.floats(0, 20), min_size=1, max_size=300)


def test_a_loss_that_is_no_finite_number_is_not_drawn():
    measured = [Point(1, 2.5, 0.0), Point(2, float("nan"), 1.0), Point(3, float("inf"), 2.0)]
    assert points(measured) == [(1, 2.5)]


@given(losses)
def test_smoothing_begins_at_the_first_loss_and_stays_within_the_losses(values: list[float]):
    smoothed = smooth(list(enumerate(values)))
    assert [step for step, _ in smoothed] == list(range(len(values)))
    assert abs(smoothed[0][1] - values[0]) < 1e-9
    assert all(min(values) - 1e-9 <= loss <= max(values) + 1e-9 for _, loss in smoothed)


@given(losses, st.integers(1, 50))
def test_thinning_keeps_the_end_and_the_bound(values: list[float], most: int):
    thin = thinned(list(enumerate(values, start=1)), most)
    assert len(thin) <= most
    assert thin[-1][0] == len(values)


def test_thinned_points_stay_where_they_are_while_more_come():
    values = [(step, float(step)) for step in range(1, 200)]
    assert thinned(values[:150], 100)[:75] == thinned(values, 100)[:75]
