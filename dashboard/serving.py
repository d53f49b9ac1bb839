"""Which adapters and devices there are to choose from, in words."""

from dataclasses import dataclass
from pathlib import Path

from dashboard import watching
from dashboard.text import plain
from pipeline.train.devices import devices


@dataclass(frozen=True, slots=True)
class Choice:
    """An adapter and what is needed to load it."""

    run_id: int
    title: str
    base: Path
    adapter: Path
    export: str
    triggers: tuple[tuple[str, str], ...]
    """(dataset, its task sentence): how questions of a field were put in training."""
    device: str
    trust_remote_code: bool


def choices() -> tuple[Choice, ...]:
    """Return the adapters of all runs that saved one, the newest first."""
    return tuple(
        Choice(
            run_id=run.id,
            title=run.config.title,
            base=Path(run.config.model),
            adapter=run.adapter,
            export=Path(run.config.export).name,
            triggers=run.config.triggers,
            device=run.config.device,
            trust_remote_code=run.config.trust_remote_code,
        )
        for run in watching.listed()
        if run.adapter is not None
    )


def run_names() -> dict[str, str]:
    """Return the words for each run with an adapter: its number as text → number and title."""
    return {
        str(choice.run_id): plain("verdict.run", run=str(choice.run_id), title=choice.title)
        for choice in choices()
    }


def device_names() -> dict[str, str]:
    """Return the devices there are, best first: name → what it is."""
    return {
        device.name: device.title if device.name == "cpu" else f"{device.name} · {device.title}"
        for device in devices().found
    }
