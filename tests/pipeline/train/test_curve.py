"""The curves: what is drawn, thinned and smoothed, over steps, tokens and time."""

import json
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.train import curve, events
from pipeline.train.curve import Curve, group_size, smooth, thinned

losses = st.lists(st.floats(0, 20), min_size=1, max_size=300)


def line(kind: str, time: float, **fields: object) -> str:
    return json.dumps({"time": time, "kind": kind, **fields}) + "\n"


@pytest.fixture
def resumed(tmp_path: Path) -> events.Progress:
    """Two steps, a day of rest, and two more."""
    path = tmp_path / "events.jsonl"
    plan = {"steps": 4, "epochs": 2, "train_tokens": 100}
    path.write_text(
        line("plan", 0, **plan)
        + line("validation", 0, step=0, loss=4.0)
        + line("step", 10, step=1, loss=3.0, tokens=50)
        + line("step", 12, step=2, loss=2.0, tokens=100)
        + line("validation", 13, step=2, loss=2.5)
        + line("plan", 90_000, **plan, resumed_step=2)
        + line("step", 90_009, step=3, loss=1.5, tokens=150)
        + line("step", 90_012, step=4, loss=1.0, tokens=200)
    )
    return events.read(path)


@pytest.mark.parametrize(
    ("axis", "steps", "validations"),
    [
        ("step", [1, 2, 3, 4], [0, 2]),
        ("tokens", [50, 100, 150, 200], [0, 100]),
        ("time", [0, 2, 2, 5], [0, 2]),
    ],
)
def test_a_curve_stands_on_steps_tokens_or_the_time_it_worked(
    resumed, axis: curve.Axis, steps: list[float], validations: list[float]
):
    loss = curve.measured(resumed, ("loss",), axis)["loss"]
    assert loss == Curve(steps, [3.0, 2.0, 1.5, 1.0])
    assert curve.validated(resumed, resumed.validation, axis) == Curve(validations, [4.0, 2.5])


def test_a_run_without_a_step_has_empty_curves():
    nothing = events.Progress()
    assert curve.measured(nothing, ("loss",), "time") == {"loss": Curve([], [])}
    assert curve.validated(nothing, (), "tokens") == Curve([], [])


def test_a_loss_that_is_no_finite_number_is_not_drawn():
    assert thinned([2.5, nan, inf], 1) == [2.5, None, None]
    assert thinned([2.0, nan, nan, inf, 4.0], 2) == [2.0, None, 4.0]


@given(losses)
def test_smoothing_begins_at_the_first_loss_and_stays_within_the_losses(values: list[float]):
    smoothed = smooth(list(values), 9.0)
    told = [value for value in smoothed if value is not None]
    assert len(told) == len(values)
    assert told[0] == pytest.approx(values[0], rel=1e-4, abs=1e-9)
    assert all(min(values) * 0.9999 - 1e-9 <= loss <= max(values) * 1.0001 + 1e-9 for loss in told)


def test_smoothing_passes_over_what_is_not_told():
    assert smooth([2.0, None, 2.0], 3.0) == [2.0, None, 2.0]


@given(losses, st.integers(1, 50))
def test_thinning_keeps_the_bound(values: list[float], most: int):
    assert len(thinned(values, group_size(len(values), most))) <= most


def test_thinned_points_stay_where_they_are_while_more_come():
    values = [float(step) for step in range(1, 200)]
    size = group_size(150, 100)
    assert thinned(values[:150], size)[:75] == thinned(values, size)[:75]
