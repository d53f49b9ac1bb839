"""What is handed over: a run's adapter, or a merged model, with what is known of its making."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.merge import report
from pipeline.merge.report import Merged
from pipeline.models import stored_template
from pipeline.models.stored_template import Stored
from pipeline.train import jobs as runs
from pipeline.train.adapters import adapter_of
from pipeline.train.state import Run
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Subject:
    """An adapter (`merged` is None) or a merged model."""

    folder: Path
    base: Path
    run: Run | None
    """The run that made it; None where it is not in this workspace (any more)."""
    merged: Merged | None
    stored: Stored

    @property
    def name(self) -> str:
        """A name for it elsewhere, of letters that every server takes."""
        if self.merged or self.run is None:
            return self.folder.name
        step = "" if self.folder.name == "adapter" else f"-{self.folder.name}"
        return f"run-{self.run.id}{step}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a server has to know of an adapter: its `adapter_config.json`."""

    rank: int
    is_dora: bool
    is_rslora: bool
    saves_modules: bool
    """Whether it holds whole layers too (`modules_to_save`)."""


def subject(workspace: Workspace, name: str, checkpoint: str = "") -> Subject:
    """Return the adapter of a run (its number), or the merged model in a folder (name or path).

    Raises BadInput where there is neither, and what merging raises for a run without an adapter.
    """
    if name.isdecimal():
        run = runs.read(workspace, int(name))
        return of_run(run, checkpoint)
    folder = workspace.model(name)
    merged = report.read(folder)
    if merged is None:
        raise BadInput(
            "{folder} was not merged here: name a run, or a folder that merge made.", folder=folder
        )
    return of_merged(workspace, folder, merged)


def of_run(run: Run, checkpoint: str = "") -> Subject:
    """Return the adapter that a run stands for, or that of a checkpoint."""
    folder = adapter_of(run, checkpoint)
    return Subject(folder, Path(run.config.model), run, None, stored_template.read(folder))


def of_merged(workspace: Workspace, folder: Path, merged: Merged) -> Subject:
    """Return a merged model, with its run where that is still there."""
    has_run = (workspace.runs / str(merged.run) / "config.json").is_file()
    run = runs.read(workspace, merged.run) if has_run else None
    return Subject(folder, Path(merged.base), run, merged, stored_template.read(folder))


def shape(adapter: Path) -> Shape:
    """Return the shape of an adapter; BadInput if its settings cannot be read."""
    path = adapter / "adapter_config.json"
    try:
        value = read_json(path)
    except (OSError, ValueError) as error:
        raise BadInput(
            "{adapter} is no adapter of PEFT ({error}).", adapter=adapter, error=error
        ) from error
    rank, patterns = value.get("r"), value.get("rank_pattern")
    ranks = [rank, *(patterns.values() if isinstance(patterns, dict) else ())]
    return Shape(
        rank=max((each for each in ranks if isinstance(each, int)), default=0),
        is_dora=value.get("use_dora") is True,
        is_rslora=value.get("use_rslora") is True,
        saves_modules=bool(value.get("modules_to_save")),
    )
