"""The names of a comparison's columns: `base`, a run (`7`), its checkpoint (`7@40`), a server.

What a name stands for is decided when it is asked; the stamp under an answer says which weights
it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chat.config import ServerConfig
from pipeline.chat.external import PREFIX
from pipeline.chat.protocol import BASE
from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.train import checkpoints
from pipeline.train.state import Run

MOST_COLUMNS = 4


class NoAdapterYet(BadInput):
    """A run has saved no adapter, so there is nothing to ask."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(
            "Run {run.id} is {run.state} and has no adapter to ask. Wait until it has "
            "finished, or resume it."
        )


class DifferentBases(BadInput):
    """Runs of different base models cannot be asked together: a server holds one base."""

    def __init__(self, bases: dict[int, str]) -> None:
        self.bases = bases
        super().__init__(
            "These runs have different base models ({named}). Ask them apart.",
            named=tuple(
                Said("run {run} on {base}", run=run, base=Path(base).name)
                for run, base in bases.items()
            ),
        )


@dataclass(frozen=True, slots=True)
class Adapter:
    """A run, or one of its checkpoints."""

    run_id: int
    step: int | None = None

    @property
    def column(self) -> str:
        """Its name in a comparison."""
        return str(self.run_id) if self.step is None else f"{self.run_id}@{self.step}"


def adapter(column: str) -> Adapter | None:
    """Return the run or checkpoint that a column names; None for the base and servers."""
    run_id, at, step = column.partition("@")
    if not run_id.isdecimal() or bool(at) != step.isdecimal():
        return None
    return Adapter(int(run_id), int(step) if at else None)


def is_external(column: str) -> bool:
    """Whether a column is a server that somebody else runs."""
    return column.startswith(PREFIX)


def external_name(column: str) -> str:
    """Return what the person calls the server of a column."""
    return column.removeprefix(PREFIX)


def server_config(
    columns: Iterable[str], runs: Sequence[Run], *, device: str = "auto"
) -> ServerConfig | None:
    """What a server of ours must hold to answer for these columns; None where none is ours.

    Raises NoAdapterYet, DifferentBases, what a missing checkpoint raises, and BadInput where a
    column names nothing that is there.
    """
    named = {column: adapter(column) for column in columns if not is_external(column)}
    by_id = {run.id: run for run in runs}
    folders: dict[str, Path] = {}
    bases: dict[int, str] = {}
    trusts = False
    for column, one in named.items():
        if one is None and column == BASE:
            continue
        run = by_id.get(one.run_id) if one else None
        if one is None or run is None:
            raise BadInput("There is no model {column!r} to ask.", column=column)
        folders[column] = _folder(run, one.step)
        bases[run.id] = run.config.model
        trusts = trusts or run.config.trust_remote_code
    if len(set(bases.values())) > 1:
        raise DifferentBases(bases)
    if not named:
        return None
    if not bases:
        raise BadInput("Choose a run beside the base: it says which base is meant.")
    base = Path(next(iter(bases.values())))
    return ServerConfig(base, folders, device, trust_remote_code=trusts)


def _folder(run: Run, step: int | None) -> Path:
    if step is not None:
        return checkpoints.adapter_at(run.folder, step)
    if run.adapter is None:
        raise NoAdapterYet(run)
    return run.adapter
