"""The loss curve: what is taken in, thinned and smoothed."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.train.curve import Curve, smooth, thinned

losses = st.lists(st.floats(0, 20), min_size=1, max_size=300)


def test_only_finite_losses_of_steps_and_validations_are_taken():
    curve = Curve()
    curve.take(
        [
            {"kind": "state", "state": "training"},
            {"kind": "step", "step": 1, "loss": 2.5},
            {"kind": "step", "step": 2, "loss": float("nan")},
            {"kind": "validation", "step": 2, "loss": 2.0},
            {"kind": "step", "step": "3", "loss": 1.0},
        ]
    )
    assert curve.points == ((1, 2.5),)
    assert curve.validation_points == ((2, 2.0),)


def test_steps_done_again_after_a_resume_take_the_place_of_the_first():
    curve = Curve()
    curve.take({"kind": "step", "step": step, "loss": 3.0} for step in (1, 2, 3))
    curve.take({"kind": "step", "step": step, "loss": 1.0} for step in (2, 3, 4))
    assert curve.points == ((1, 3.0), (2, 1.0), (3, 1.0), (4, 1.0))


@given(losses)
def test_smoothing_begins_at_the_first_loss_and_stays_within_the_losses(values: list[float]):
    points = list(enumerate(values))
    smoothed = smooth(points)
    assert [step for step, _ in smoothed] == [step for step, _ in points]
    assert smoothed[0][1] == values[0] or abs(smoothed[0][1] - values[0]) < 1e-9
    assert all(min(values) - 1e-9 <= loss <= max(values) + 1e-9 for _, loss in smoothed)


@given(losses, st.integers(1, 50))
def test_thinning_keeps_the_end_and_the_bound(values: list[float], most: int):
    points = list(enumerate(values, start=1))
    thin = thinned(points, most)
    assert len(thin) <= most
    assert thin[-1][0] == len(values)


def test_thinned_points_stay_where_they_are_while_more_come():
    points = [(step, float(step)) for step in range(1, 200)]
    assert thinned(points[:150], 100)[:75] == thinned(points, 100)[:75]
