"""When to stop early: pure functions of the validation losses so far."""

from collections.abc import Sequence

Validated = tuple[int, float]
"""A step, and the validation loss there."""


def best(validations: Sequence[Validated]) -> Validated | None:
    """Return the validation with the lowest loss, the earliest of equals; None before the first.

    The one before the first step is none of them: nothing was learned there.
    """
    learned = [each for each in validations if each[0] > 0]
    return min(learned, key=lambda each: each[1]) if learned else None


def is_over(validations: Sequence[Validated], patience: int) -> bool:
    """Whether so many validations came since the best one; never with a patience of 0."""
    found = best(validations)
    if not patience or found is None:
        return False
    return sum(step > found[0] for step, _ in validations) >= patience


def never_better(validations: Sequence[Validated]) -> bool:
    """Whether no validation came below the one before the first step."""
    found = best(validations)
    before = [loss for step, loss in validations if step == 0]
    return bool(found and before and found[1] >= before[0])
