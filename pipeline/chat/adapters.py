"""From runs to what a server is to hold: which of them can be asked together."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.chat.config import ServerConfig
from pipeline.errors import BadInput
from pipeline.train.state import Run


class NoAdapterYet(BadInput):
    """A run has saved no adapter, so there is nothing to ask."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            f"Run {run.id} is {run.state} and has no adapter to ask. "
            "Wait until it has finished, or resume it."
        )
        self.run = run


class DifferentBases(BadInput):
    """Runs of different base models cannot be asked together: a server holds one base."""

    def __init__(self, bases: dict[int, str]) -> None:
        named = ", ".join(f"run {run_id} on {Path(base).name}" for run_id, base in bases.items())
        super().__init__(f"These runs have different base models ({named}). Ask them apart.")
        self.bases = bases


def server_config(runs: Sequence[Run], *, device: str = "auto") -> ServerConfig:
    """What a server must hold to ask these runs and their base together.

    Raises NoAdapterYet, DifferentBases, and BadInput where no run is named.
    """
    if not runs:
        raise BadInput("Name at least one run to ask.")
    bases = {run.id: run.config.model for run in runs}
    if len(set(bases.values())) > 1:
        raise DifferentBases(bases)
    adapters: dict[str, Path] = {}
    for run in runs:
        if run.adapter is None:
            raise NoAdapterYet(run)
        adapters[str(run.id)] = run.adapter
    return ServerConfig(
        model=Path(runs[0].config.model),
        adapters=adapters,
        device=device,
        trust_remote_code=any(run.config.trust_remote_code for run in runs),
    )
