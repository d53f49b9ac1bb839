"""What votes say of models: who wins how often, with intervals that are honest about few votes.

Two models: the share of decided votes with Wilson's interval. More: a Bradley–Terry model (Bradley
and Terry 1952) over all pairs that a vote decides, told as the share of wins against one reference
model. A tie is half a win for each, as is a vote for "all bad"; of two models both are left out,
and only counted. Elo is not used: it depends on the order of the votes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.chat.protocol import BASE
from pipeline.evaluate.statistics import rate
from store.record_types import BOTH_BAD, TIE, Ballot

Z_95 = 1.959963984540054
_PRIOR = 1e-6
"""Holds a model that never lost at a finite strength, with an interval as wide as its chance."""
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """How one model stands."""

    model: str
    share: float | None
    """Of wins: over the other one, or (of more) over the reference; None without a decided vote."""
    low: float | None
    high: float | None
    """The ends of its 95 % interval."""
    wins: float
    """Of its duels; a tie counts half where there are more than two models."""
    duels: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the votes between a set of models say."""

    votes: int
    ties: int
    all_bad: int
    blind: int
    """Votes that were given without knowing the names."""
    reference: str
    """The model that the others' shares are told against; empty where there are only two."""
    standings: tuple[Standing, ...]
    """The best first."""


def preferences(ballots: Sequence[Ballot]) -> Preferences:
    """Sum up votes; models that never met are compared through those that both met."""
    models = sorted({model for ballot in ballots for model in ballot.models}, key=_order)
    standings = _two(models, ballots) if len(models) == 2 else _more(models, ballots)
    return Preferences(
        votes=len(ballots),
        ties=sum(ballot.vote == TIE for ballot in ballots),
        all_bad=sum(ballot.vote == BOTH_BAD for ballot in ballots),
        blind=sum(ballot.is_blind for ballot in ballots),
        reference=models[0] if len(models) > 2 else "",
        standings=tuple(sorted(standings, key=lambda each: -(each.share or 0.0))),
    )


def _order(model: str) -> tuple[bool, str]:
    return model != BASE, model


def _two(models: Sequence[str], ballots: Sequence[Ballot]) -> list[Standing]:
    decided = [ballot.vote for ballot in ballots if ballot.vote in models]
    found = []
    for model in models:
        score = rate([winner == model for winner in decided])
        wins = decided.count(model)
        found.append(Standing(model, score.value, score.low, score.high, wins, len(decided)))
    return found


def _more(models: Sequence[str], ballots: Sequence[Ballot]) -> list[Standing]:
    if not models:
        return []
    wins = _wins(models, ballots)
    strengths, covariance = bradley_terry(wins)
    duels = wins + wins.T
    found = []
    for place, model in enumerate(models):
        count = int(duels[place].sum())
        share, low, high = 0.5, 0.5, 0.5
        if place:
            difference = strengths[place] - strengths[0]
            spread = covariance[place, place] + covariance[0, 0] - 2 * covariance[place, 0]
            half = Z_95 * np.sqrt(max(spread, 0.0))
            share, low, high = (
                float(_chance(difference + by)) for by in (np.zeros(()), -half, half)
            )
        won = float(wins[place].sum())
        found.append(Standing(model, share if count else None, low, high, won, count))
    return found


def _wins(models: Sequence[str], ballots: Sequence[Ballot]) -> NDArray[np.float64]:
    """Return how often each model (row) won over each (column), a tie as half a win for both."""
    place = {model: number for number, model in enumerate(models)}
    wins = np.zeros((len(models), len(models)))
    for ballot in ballots:
        if ballot.vote in place:
            for other in ballot.models:
                if other != ballot.vote:
                    wins[place[ballot.vote], place[other]] += 1
        else:
            for one, other in combinations(ballot.models, 2):
                wins[place[one], place[other]] += 0.5
                wins[place[other], place[one]] += 0.5
    return wins


def bradley_terry(wins: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log-strengths that sum to 0, and their covariance, by maximum likelihood.

    `wins[i, j]` is how often i won over j. Newton's method; the covariance is the inverse of the
    observed information on the plane where strengths sum to 0.
    """
    count = len(wins)
    duels = wins + wins.T
    strengths = np.zeros(count)
    plane = np.ones((count, count)) / count
    for _ in range(_STEPS):
        chance = _chance(strengths[:, None] - strengths[None, :])
        slope = (wins - duels * chance).sum(axis=1) - _PRIOR * strengths
        weight = duels * chance * (1 - chance)
        information = np.diag(weight.sum(axis=1) + _PRIOR) - weight
        step = np.linalg.solve(information + plane, slope)
        strengths = strengths + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    strengths = strengths - strengths.mean()
    return strengths, np.linalg.inv(information + plane) - plane


def _chance(difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how likely the first one wins, by the difference of two log-strengths."""
    return np.asarray(1 / (1 + np.exp(-np.clip(difference, -500, 500))))
