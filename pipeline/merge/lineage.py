"""Bases, the adapters trained on them, and the models merged of both, as one tree.

Pure: it orders what the folders told. A merged model can be trained on again, so it has adapters
of its own below it.
"""

from collections.abc import Iterator, Mapping, Sequence
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

    @property
    def key(self) -> str:
        """What names it in an address."""
        return f"{self.kind}:{self.name}"


def tree(
    models: Sequence[BaseModel], runs: Sequence[Run], merged: Mapping[Path, Merged]
) -> tuple[Node, ...]:
    """Return every model and run once, each below what it was made of, the newest run first.

    `merged` tells of the folders among `models` that were merged where they come from.
    """
    known = {model.folder for model in models}
    by_id = {run.id: run for run in runs}

    def below_model(model: BaseModel, depth: int) -> Iterator[Node]:
        of = merged.get(model.folder)
        kind: Kind = "merged" if of else "base"
        run = by_id.get(of.run) if of else None
        yield Node(kind, model.name, depth, model=model, run=run, merged=of)
        for each in runs:
            if Path(each.config.model) == model.folder:
                yield Node("run", str(each.id), depth + 1, run=each)
                yield from of_run(each.id, model.folder, depth + 2)
        orphans = [
            one for one in models
            if (its := merged.get(one.folder))
            and Path(its.base) == model.folder
            and its.run not in by_id
        ]  # fmt: skip
        for orphan in orphans:
            yield from below_model(orphan, depth + 1)

    def of_run(run_id: int, base: Path, depth: int) -> Iterator[Node]:
        for one in models:
            its = merged.get(one.folder)
            if its and its.run == run_id and Path(its.base) == base:
                yield from below_model(one, depth)

    found: list[Node] = []
    for model in models:
        of = merged.get(model.folder)
        # What a merged model was made of may be gone: then it stands by itself.
        if of is None or Path(of.base) not in known:
            found += below_model(model, 0)
    return tuple(found)
