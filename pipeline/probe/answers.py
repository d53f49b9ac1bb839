"""The answers of a probe, as the worker wrote them."""

from dataclasses import dataclass
from typing import Literal

GREEDY = 0
"""The number of the likeliest answer; sampled ones count from 1."""


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """One answer of the base."""

    key: int
    sample: int
    text: str
    finish_reason: Literal["stop", "length", "refused"]
    """It ended by itself; it reached max_new_tokens; its prompt does not fit the model."""
    tokens: int
