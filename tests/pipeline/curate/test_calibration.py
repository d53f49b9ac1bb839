"""A threshold is judged by labelled pairs, with an interval, and never by too few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.curate.calibration import ENOUGH, calibrated, wilson


def test_the_lowest_score_from_which_nine_of_ten_are_the_same_is_suggested():
    judged = [(0.6 + n / 100, n >= 15) for n in range(30)]
    found = calibrated(judged, 0.75)
    assert found.suggested == pytest.approx(0.75)
    assert (found.judged, found.near, found.same) == (30, 11, 6)
    assert found.low < found.share < found.high


def test_a_stray_judgement_does_not_move_the_suggestion_to_its_score():
    judged = [(0.6 + n / 100, n >= 15 or n == 2) for n in range(30)]
    assert calibrated(judged, 0.7).suggested == pytest.approx(0.75)


@pytest.mark.parametrize(
    "judged",
    [[(0.9, True)] * (ENOUGH - 1), [(0.9, n % 2 == 0) for n in range(40)]],
    ids=["too few", "never enough of them"],
)
def test_nothing_is_suggested_without_ground(judged: list[tuple[float, bool]]):
    assert calibrated(judged, 0.9).suggested is None


def test_without_judgements_everything_is_possible():
    found = calibrated([], 0.8)
    assert (found.near, found.share, found.low, found.high) == (0, 0.0, 0.0, 1.0)


@given(count=st.integers(1, 60), hits=st.integers(0, 60))
def test_the_interval_holds_the_share(count: int, hits: int):
    hits = min(hits, count)
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count + 1e-9
    assert hits / count - 1e-9 <= high <= 1
