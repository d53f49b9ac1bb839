"""What an export of a recipe would hold, and what to know before making it. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.curate import placeholders
from pipeline.errors import BadInput
from pipeline.publish import split
from pipeline.publish.layouts import Columns
from pipeline.publish.manifest import Split
from pipeline.publish.recipe import Recipe, check_name
from store import clusters, datasets, pairs
from store.db import Database
from store.types import Dataset, Layout, Pair, PairFilter, Role, Status

SMALL_DATASET = 20
"""Below so many pairs a dataset teaches little."""
WarningCode = Literal[
    "two_domains",
    "format2_without_general",
    "no_trigger",
    "small_dataset",
    "leftover_placeholders",
    "open_conflicts",
]


@dataclass(frozen=True, slots=True)
class ExportWarning:
    """Something to know before training on this; the pages turn the code into words."""

    code: WarningCode
    dataset: str = ""
    """The dataset it is about; for `two_domains` all of them, separated by commas."""
    count: int = 0


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A data file that an export would write, and the pairs in it."""

    dataset: str
    role: Role
    layout: Layout
    split: Split
    trigger: str
    """The dataset's trigger; in a format2 file it stands in no row."""
    columns: Columns
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.dataset}_{'test' if self.split == 'test' else self.layout}.json"

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.pairs)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """An export before it is written: which pairs go where."""

    recipe: Recipe
    files: tuple[PlannedFile, ...]
    members: tuple[tuple[int, int, Split], ...]
    """(pair id, version, split) of every pair, by rising id."""
    unreviewed: int
    warnings: tuple[ExportWarning, ...]

    @property
    def pairs(self) -> int:
        """How many pairs it holds; one that is written in both layouts counts once."""
        return len(self.members)


def plan(db: Database, recipe: Recipe) -> ExportPlan:
    """Return what `export` would write; NotFound for an unknown dataset, BadInput for a bad name.

    Takes every pair that is not rejected or removed, or with `accepted_only` the accepted ones.
    """
    chosen = [datasets.by_name(db, name) for name in recipe.datasets]
    for dataset in chosen:
        check_name(dataset.name, "dataset")
    statuses: tuple[Status, ...] = (
        ("accepted",) if recipe.accepted_only else ("unreviewed", "accepted")
    )
    held = [
        (dataset, list(pairs.each(db, matching=PairFilter(dataset.id, statuses))))
        for dataset in chosen
    ]
    splits = split.assign(
        [pair for dataset, found in held if dataset.role != "general" for pair in found],
        [pair for dataset, found in held if dataset.role == "general" for pair in found],
        clusters.links(db, [dataset.id for dataset in chosen]),
        test_share=recipe.test_share,
        seed=recipe.seed,
    )
    everything = sorted((p for _, found in held for p in found), key=lambda pair: pair.id)
    return ExportPlan(
        recipe=recipe,
        files=tuple(f for each in held for f in _files(*each, recipe, splits)),
        members=tuple((pair.id, pair.version, splits[pair.id]) for pair in everything),
        unreviewed=sum(pair.status == "unreviewed" for pair in everything),
        warnings=tuple(_warnings(db, recipe, held)),
    )


def check_not_empty(planned: ExportPlan) -> None:
    """Raise BadInput when there is nothing to export."""
    if not planned.members:
        which = "accepted pairs" if planned.recipe.accepted_only else "usable pairs"
        names = ", ".join(planned.recipe.datasets)
        raise BadInput(f"There are no {which} in {names}. Import some, or accept some in Review.")


def _layouts(dataset: Dataset, recipe: Recipe) -> tuple[Layout, ...]:
    """Format3 needs a trigger; a dataset without one is format2 whatever was asked for."""
    if not dataset.trigger:
        return ("format2",)
    return ("format2", "format3") if recipe.layout == "both" else (recipe.layout,)


def _files(
    dataset: Dataset, found: list[Pair], recipe: Recipe, splits: dict[int, Split]
) -> Iterator[PlannedFile]:
    train = tuple(pair for pair in found if splits[pair.id] == "train")
    test = tuple(pair for pair in found if splits[pair.id] == "test")
    test_layout: Layout = "format3" if dataset.trigger else "format2"
    wanted: list[tuple[Layout, Split, tuple[Pair, ...]]] = [
        *((layout, "train", train) for layout in _layouts(dataset, recipe)),
        (test_layout, "test", test),
    ]
    for layout, part, rows in wanted:
        if rows:
            yield PlannedFile(
                dataset=dataset.name,
                role=dataset.role,
                layout=layout,
                split=part,
                trigger=dataset.trigger,
                columns=Columns.of(list(rows)),
                pairs=rows,
            )


def _warnings(
    db: Database, recipe: Recipe, held: list[tuple[Dataset, list[Pair]]]
) -> Iterator[ExportWarning]:
    fields = [dataset for dataset, _ in held if dataset.role == "domain"]
    if len({dataset.domain or dataset.name for dataset in fields}) > 1:
        yield ExportWarning("two_domains", ",".join(d.name for d in fields), len(fields))
    has_general = any(dataset.role == "general" and found for dataset, found in held)
    for dataset in fields:
        if recipe.layout != "format2" and not dataset.trigger:
            yield ExportWarning("no_trigger", dataset.name)
        if "format2" in _layouts(dataset, recipe) and not has_general:
            yield ExportWarning("format2_without_general", dataset.name)
    for dataset, found in held:
        if len(found) < SMALL_DATASET:
            yield ExportWarning("small_dataset", dataset.name, len(found))
        left = sum(bool(placeholders.found(placeholders.texts_of(pair))) for pair in found)
        if left:
            yield ExportWarning("leftover_placeholders", dataset.name, left)
        conflicts = clusters.counts(db, dataset_id=dataset.id)["conflict"]
        if conflicts:
            yield ExportWarning("open_conflicts", dataset.name, conflicts)
