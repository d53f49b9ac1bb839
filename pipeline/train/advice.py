"""What to change where a run needs more memory than there is, in order, with the values at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.said import Said
from pipeline.train.config import Settings

Value = int | str | bool

FREE_TO_CHANGE = frozenset(
    {"batch_tokens", "gradient_checkpointing", "save_every_steps", "keep_checkpoints"}
)
"""Settings that decide how a run computes and what it keeps, not what it learns."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting to change, from what it is to what needs less memory."""

    name: str
    now: Value
    then: Value

    @property
    def is_free(self) -> bool:
        """Whether a resume may change it; else a new run has to."""
        return self.name in FREE_TO_CHANGE


def changes(settings: Settings, device: str) -> tuple[Change, ...]:
    """Return what to change where memory is short, the cheapest first."""
    half = max(settings.batch_tokens // 2, settings.cutoff_tokens)
    found = [
        Change("batch_tokens", settings.batch_tokens, half),
        Change("gradient_checkpointing", settings.gradient_checkpointing, True),
        Change("cutoff_tokens", settings.cutoff_tokens, settings.cutoff_tokens // 2),
        Change("rank", settings.rank, max(settings.rank // 2, 1)),
    ]
    if device.startswith("cuda") and settings.quantization == "none":
        found.insert(3, Change("quantization", "none", "4bit"))
    return tuple(each for each in found if each.now != each.then)


def less_memory(settings: Settings, device: str) -> Said:
    """Return what to lower, the cheapest first: what a resume may change, then what it may not."""
    found = changes(settings, device)
    now = _one_by_one([each for each in found if each.is_free])
    later = _one_by_one([each for each in found if not each.is_free])
    if not now:
        return Said("Start again with {later}.", later=later)
    return Said(
        "Resume with {now}. If that is not enough, start again with {later}.", now=now, later=later
    )


def _one_by_one(found: Sequence[Change]) -> tuple[Said, ...]:
    words = [_words(each) for each in found]
    return (*words[:1], *(Said("then {change}", change=each) for each in words[1:]))


def _words(change: Change) -> Said:
    return Said(
        "{setting} from {now} to {then}",
        setting=change.name,
        now=_shown(change.now),
        then=_shown(change.then),
    )


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
