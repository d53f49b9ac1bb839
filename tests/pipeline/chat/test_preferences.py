"""What votes say: Wilson's intervals for two models, Bradley–Terry for more, as scipy has them."""

import random
from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, stats

from pipeline.chat.preferences import bradley_terry, preferences
from store.record_types import BOTH_BAD, TIE, Ballot

SKILL = {"base": 0.0, "7": 1.2, "7@40": 0.5, "9": -0.4}


def ballot(vote: str, *models: str, question_set: str = "", is_blind: bool = True) -> Ballot:
    return Ballot(question_set, models, vote, is_blind)


def drawn(count: int, *, columns: int) -> list[Ballot]:
    """Votes between random models, won by skill and luck."""
    chance = random.Random(5)
    found = []
    for _ in range(count):
        models = tuple(chance.sample(sorted(SKILL), columns))
        best = max(models, key=lambda model: SKILL[model] + chance.gauss(0, 1.5))
        found.append(ballot(TIE if chance.random() < 0.1 else best, *models))
    return found


@pytest.mark.parametrize(("wins", "losses"), [(41, 19), (60, 0), (1, 2), (0, 5)])
def test_two_models_have_the_interval_of_wilson(wins: int, losses: int):
    votes = [ballot("7", "base", "7")] * wins + [ballot("base", "7", "base")] * losses
    found = preferences([*votes, ballot(TIE, "base", "7"), ballot(BOTH_BAD, "7", "base")])
    expected = stats.binomtest(wins, wins + losses).proportion_ci(method="wilson")
    (seventh,) = [each for each in found.standings if each.model == "7"]
    assert (seventh.low, seventh.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert (seventh.wins, seventh.duels) == (wins, wins + losses)
    assert (found.votes, found.ties, found.all_bad) == (wins + losses + 2, 1, 1)


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_more_models_have_strengths_and_errors_of_the_likeliest_model(columns: int):
    votes = drawn(60, columns=columns)
    found = preferences(votes)
    models = ["base", *sorted(set(SKILL) - {"base"})]
    wins = np.zeros((4, 4))
    for each in votes:
        for one, other in combinations(each.models, 2):
            share = {one: 1.0, other: 0.0}.get(each.vote, 0.5)
            if each.vote not in (one, other, TIE):
                continue  # Neither of these two won: the vote says nothing of them.
            wins[models.index(one), models.index(other)] += share
            wins[models.index(other), models.index(one)] += 1 - share

    def unlikeliness(free: np.ndarray) -> float:
        strengths = np.append(0.0, free)  # the base stands at 0
        chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
        return float(-(wins * np.log(chance)).sum())

    best = optimize.minimize(unlikeliness, np.zeros(3), method="BFGS", tol=1e-10)
    errors = np.sqrt(np.diag(np.linalg.inv(_curvature(unlikeliness, best.x))))
    z = stats.norm.ppf(0.975)
    for place, model in enumerate(models[1:]):
        (standing,) = [each for each in found.standings if each.model == model]
        expected = [1 / (1 + np.exp(-(best.x[place] + by * errors[place]))) for by in (-z, 0, z)]
        assert [standing.low, standing.share, standing.high] == pytest.approx(expected, abs=1e-4)
    assert found.reference == "base"


def _curvature(function, at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """The second derivatives, by differences."""
    unit = np.eye(len(at)) * step
    return np.array(
        [
            [
                (
                    function(at + one + other)
                    - function(at + one - other)
                    - function(at - one + other)
                    + function(at - one - other)
                )
                / (4 * step**2)
                for other in unit
            ]
            for one in unit
        ]
    )


def test_a_model_that_never_lost_is_not_said_to_be_sure_of_it():
    votes = [ballot("7", "base", "7", "9")] * 3
    found = {each.model: each for each in preferences(votes).standings}
    assert found["7"].share == pytest.approx(1.0, abs=0.01)
    assert (found["7"].low or 1) < 0.05
    assert found["9"].share == pytest.approx(0.5)


def test_the_order_of_the_votes_does_not_matter():
    votes = drawn(40, columns=3)
    assert preferences(votes) == preferences(votes[::-1])


def test_strengths_of_models_that_never_met_are_compared_through_others():
    strengths, _ = bradley_terry(np.array([[0.0, 6, 0], [2, 0, 6], [0, 2, 0]]))
    assert strengths == pytest.approx([np.log(3), 0, -np.log(3)], abs=1e-4)


def test_no_votes_say_nothing():
    assert preferences([]).standings == ()
