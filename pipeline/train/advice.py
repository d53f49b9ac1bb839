"""What to change where a run needs more memory than there is, in order, with the values at hand."""

from dataclasses import dataclass

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


def less_memory(settings: Settings, device: str) -> str:
    """Return what to lower, the cheapest first: what a resume may change, then what it may not."""
    found = changes(settings, device)
    now = [_words(each) for each in found if each.is_free]
    later = [_words(each) for each in found if not each.is_free]
    ways = [f"Resume with {', then '.join(now)}."] if now else []
    ways.append(
        f"{'If that is not enough, s' if now else 'S'}tart again with {', then '.join(later)}."
    )
    return " ".join(ways)


def _words(change: Change) -> str:
    return f"{change.name} from {_shown(change.now)} to {_shown(change.then)}"


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
