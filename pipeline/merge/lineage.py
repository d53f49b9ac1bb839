"""Bases, the adapters trained on them, and the models merged of both, as one tree.

Pure: it orders what the folders told. A merged model can be trained on again, so it has adapters
of its own below it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.merge.report import Merged
from pipeline.models.catalog import BaseModel
from pipeline.train.state import Run

Kind = Literal["base", "run", "merged"]


@dataclass(frozen=True, slots=True)
class Node:
    """One model or run in the tree."""

    kind: Kind
    name: str
    """The folder's name, or the run's number."""
    depth: int
    model: BaseModel | None = None
    """Of a base or merged model."""
    run: Run | None = None
    """Of a run; for a merged model the one that it was merged from, where that is still there."""
    merged: Merged | None = None
    place: str = ""
    """The folder that a model lies in, where another one has the same name."""

    @property
    def key(self) -> str:
        """What names it in an address."""
        return f"{self.kind}:{self.name}{self.place and '@' + self.place}"


def tree(
    models: Sequence[BaseModel], runs: Sequence[Run], merged: Mapping[Path, Merged]
) -> tuple[Node, ...]:
    """Return every model and run once, each below what it was made of, the newest run first.

    `merged` tells of the folders among `models` that were merged where they come from.
    """
    family = _Family(models, runs, merged)
    # What a merged model was made of may be gone: then it stands by itself.
    known = {model.folder for model in models}
    tops = [m for m in models if (of := merged.get(m.folder)) is None or Path(of.base) not in known]
    return tuple(node for model in tops for node in family.below(model, 0))


@dataclass(frozen=True, slots=True)
class _Family:
    models: Sequence[BaseModel]
    runs: Sequence[Run]
    merged: Mapping[Path, Merged]

    def below(self, model: BaseModel, depth: int) -> Iterator[Node]:
        """Yield a model, then what was made of it."""
        of = self.merged.get(model.folder)
        made_by = next((run for run in self.runs if of and run.id == of.run), None)
        kind: Kind = "merged" if of else "base"
        is_twin = sum(each.name == model.name for each in self.models) > 1
        place = str(model.folder.parent) if is_twin else ""
        yield Node(kind, model.name, depth, model=model, run=made_by, merged=of, place=place)
        mine = [run for run in self.runs if Path(run.config.model) == model.folder]
        for run in mine:
            yield Node("run", str(run.id), depth + 1, run=run)
            yield from self._merged_of(model, (run.id,), depth + 2)
        others = {of.run for of in self.merged.values()} - {run.id for run in mine}
        yield from self._merged_of(model, others, depth + 1)

    def _merged_of(self, base: BaseModel, runs: Collection[int], depth: int) -> Iterator[Node]:
        for model in self.models:
            of = self.merged.get(model.folder)
            if of and of.run in runs and Path(of.base) == base.folder:
                yield from self.below(model, depth)
