"""What to know before training on a recipe; the pages turn the codes into words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.publish.outline import Outline
from pipeline.publish.recipe import Recipe

SMALL_DATASET = 20
"""Below so many pairs a dataset teaches little."""
SMALLEST_REPLAY = 0.1
"""Below this share of general rows, small sets lose ordinary ability."""
FEW_TESTS = 3
"""Fewer rows than this test nothing."""
WarningCode = Literal[
    "two_domains",
    "format2_without_general",
    "no_trigger",
    "small_dataset",
    "leftover_placeholders",
    "open_conflicts",
    "trigger_in_general",
    "small_replay",
    "not_compared",
    "few_wordings",
    "few_tested",
]


@dataclass(frozen=True, slots=True)
class ExportWarning:
    """Something to know before training on this."""

    code: WarningCode
    dataset: str = ""
    """The dataset it is about; of several all of them, separated by commas."""
    count: int = 0
    """How many pairs, datasets or conflicts; for `small_replay` the share in per cent."""
    possible: int = 0
    """For `few_tested`: how many rows would be tested if close wordings were too."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the store can say."""

    conflicts: dict[str, int]
    """Dataset → undecided conflicts."""
    general_with_trigger: dict[str, int]
    """Trigger → general pairs whose question holds it."""
    compared_up_to: dict[str, int]
    """Dataset → the newest pair that was compared with the others; without it, none was."""


def warnings_of(
    recipe: Recipe, outlines: Sequence[Outline], facts: Facts, trained: dict[str, int]
) -> Iterator[ExportWarning]:
    """Yield what to know; `trained` has each dataset's rows in one pass."""
    yield from _of_fields(recipe, outlines, facts)
    yield from _of_replay(outlines, trained)
    if recipe.test_share or recipe.fact_share:
        yield from _of_comparing(outlines, facts)
    for outlined in outlines:
        name = outlined.dataset.name
        if len(outlined) < SMALL_DATASET:
            yield ExportWarning("small_dataset", name, len(outlined))
        left = int(outlined.has_placeholder.sum())
        if left:
            yield ExportWarning("leftover_placeholders", name, left)
        if facts.conflicts[name]:
            yield ExportWarning("open_conflicts", name, facts.conflicts[name])


def suggested_replay(rows: int) -> float:
    """Return the share of general rows to mix with so many of the others.

    Small sets are gone over many times and drift most; 10 to 25 % of general rows holds them.
    """
    for most, share in ((200, 0.25), (2_000, 0.2), (20_000, 0.15)):
        if rows <= most:
            return share
    return SMALLEST_REPLAY


def _of_fields(
    recipe: Recipe, outlines: Sequence[Outline], facts: Facts
) -> Iterator[ExportWarning]:
    fields = [each.dataset for each in outlines if each.dataset.role == "domain"]
    if len({dataset.domain or dataset.name for dataset in fields}) > 1:
        yield ExportWarning("two_domains", ",".join(d.name for d in fields), len(fields))
    has_general = any(each.dataset.role == "general" and len(each) for each in outlines)
    for dataset in fields:
        layout = recipe.layout_of(dataset.name)
        if layout != "format2" and not dataset.trigger:
            yield ExportWarning("no_trigger", dataset.name)
        is_plain = layout in ("format2", "both") or not dataset.trigger
        if is_plain and not has_general:
            yield ExportWarning("format2_without_general", dataset.name)
        asked = facts.general_with_trigger.get(dataset.trigger, 0)
        if dataset.trigger and asked:
            yield ExportWarning("trigger_in_general", dataset.name, asked)


def _of_comparing(outlines: Sequence[Outline], facts: Facts) -> Iterator[ExportWarning]:
    """Only what was compared is known to be close, and kept on one side."""
    new = {
        each.dataset.name: int((each.ids > facts.compared_up_to.get(each.dataset.name, 0)).sum())
        for each in outlines
    }
    named = [name for name, count in new.items() if count]
    if named:
        yield ExportWarning("not_compared", ",".join(named), sum(new.values()))


def _of_replay(outlines: Sequence[Outline], trained: dict[str, int]) -> Iterator[ExportWarning]:
    general = [each.dataset.name for each in outlines if each.dataset.role == "general"]
    whole = sum(trained.values())
    share = sum(trained.get(name, 0) for name in general) / whole if whole else 0
    if general and whole and share < SMALLEST_REPLAY:
        yield ExportWarning("small_replay", ",".join(general), round(share * 100))
