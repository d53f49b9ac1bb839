"""What to change where a run needs more memory than there is, in order, with the values at hand."""

from pipeline.train.config import Settings

FREE_TO_CHANGE = frozenset(
    {"batch_tokens", "gradient_checkpointing", "save_every_steps", "keep_checkpoints"}
)
"""Settings that decide how a run computes and what it keeps, not what it learns."""


def less_memory(settings: Settings, device: str) -> str:
    """Return what to lower, the cheapest first: what a resume may change, then what it may not."""
    now = [
        f"batch_tokens from {settings.batch_tokens} to "
        f"{max(settings.batch_tokens // 2, settings.cutoff_tokens)}"
    ] * (settings.batch_tokens > settings.cutoff_tokens)
    now += ["gradient_checkpointing from false to true"] * (not settings.gradient_checkpointing)
    later = [f"cutoff_tokens from {settings.cutoff_tokens} to {settings.cutoff_tokens // 2}"]
    if device.startswith("cuda") and settings.quantization == "none":
        later.append("quantization from none to 4bit")
    later.append(f"rank from {settings.rank} to {max(settings.rank // 2, 1)}")
    ways = [f"Resume with {', then '.join(now)}."] if now else []
    ways.append(
        f"{'If that is not enough, s' if now else 'S'}tart again with {', then '.join(later)}."
    )
    return " ".join(ways)
