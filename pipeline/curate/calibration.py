"""What a threshold is worth, by the few pairs that a person has judged near it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from operator import itemgetter

ENOUGH = 20
"""Judgements from which an estimate says something."""
NEAR = 0.05
WANTED = 0.9
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many of the judged pairs near a threshold are the same, and where to put it."""

    judged: int
    """All judgements, near or not."""
    near: int
    """Those within NEAR of the threshold."""
    same: int
    """Of those near, how many are the same."""
    low: float
    high: float
    """The 95 % interval of their share (Wilson, 1927)."""
    suggested: float | None
    """The lowest score from which WANTED of the pairs are the same; None where too few were
    judged or no score reaches it."""

    @property
    def share(self) -> float:
        """The share of the same among those near; 0 where there is none."""
        return self.same / self.near if self.near else 0.0


def calibrated(judged: Sequence[tuple[float, bool]], threshold: float) -> Calibration:
    """Return what judgements (score, is the same) say about a threshold."""
    near = [is_same for score, is_same in judged if abs(score - threshold) <= NEAR + 1e-6]
    low, high = wilson(sum(near), len(near))
    suggested = _lowest(judged) if len(judged) >= ENOUGH else None
    return Calibration(len(judged), len(near), sum(near), low, high, suggested)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share; everything is possible where nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, _Z * _Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _lowest(judged: Sequence[tuple[float, bool]]) -> float | None:
    """Fit a share that rises with the score (pool adjacent violators); the lowest that suffices."""
    blocks: list[tuple[float, int, int]] = []  # lowest score, same, all
    for score, found in groupby(sorted(judged), key=itemgetter(0)):
        said = [is_same for _, is_same in found]
        blocks.append((score, sum(said), len(said)))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            _, same, count = blocks.pop()
            lowest, same_before, count_before = blocks.pop()
            blocks.append((lowest, same_before + same, count_before + count))
    return next((lowest for lowest, same, count in blocks if same >= WANTED * count), None)
