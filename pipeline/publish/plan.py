"""What an export of a recipe would hold. Writes nothing.

`sources` reads what every recipe of these datasets needs, in one pass over the pairs; `plan_of`
decides from that alone, in well under a second for a million pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy

from pipeline.curate.key_numbers import mixed
from pipeline.errors import BadInput
from pipeline.publish import outline, split
from pipeline.publish.manifest import About, Split
from pipeline.publish.outline import Flags, Integers, Outline, Readers
from pipeline.publish.planned import ExportPlan, Members, PlannedFile
from pipeline.publish.pool import Close, Pool, ranks_of_names
from pipeline.publish.recipe import Recipe, check_name
from pipeline.publish.split import Shares
from pipeline.publish.warnings import (
    FEW_TESTS,
    ExportWarning,
    Facts,
    WarningCode,
    warnings_of,
)
from store import clusters, datasets, export_rows, links
from store.db import Database
from store.types import RowLayout, RowShape, Status


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The pairs that a recipe may take, and what is known of them together."""

    outlines: tuple[Outline, ...]
    pool: Pool
    facts: Facts


def plan(db: Database, recipe: Recipe) -> ExportPlan:
    """Return what `export` would write; NotFound for an unknown dataset, BadInput for a bad name.

    Takes every pair that is not rejected or removed, or with `accepted_only` the accepted ones.
    """
    with outline.readers(db) as source:
        return plan_of(sources(db, source, recipe), recipe)


def sources(db: Database, source: Readers, recipe: Recipe) -> Sources:
    """Read what every recipe of these datasets, and this choice of statuses, needs."""
    chosen = [datasets.by_name(db, name) for name in recipe.datasets]
    for dataset in chosen:
        check_name(dataset.name, "dataset")
    statuses: tuple[Status, ...] = (
        ("accepted",) if recipe.accepted_only else ("unreviewed", "accepted")
    )
    triggers = sorted({each.trigger for each in chosen if each.trigger})
    general = [each.id for each in chosen if each.role == "general"]
    scans = links.scans(db)
    with source.cursor() as cursor:
        asked = {
            trigger: export_rows.asking(cursor, general, statuses, trigger) for trigger in triggers
        }
    outlines = tuple(outline.read(source, dataset, statuses) for dataset in chosen)
    close = Close.of(clusters.close(db, [dataset.id for dataset in chosen]))
    return Sources(
        outlines=outlines,
        pool=Pool.of(outlines, close),
        facts=Facts(
            conflicts={
                each.name: clusters.counts(db, dataset_id=each.id)["conflict"] for each in chosen
            },
            general_with_trigger=asked,
            compared_up_to={
                each.name: scans[each.id].last_pair_id for each in chosen if each.id in scans
            },
        ),
    )


def plan_of(found: Sources, recipe: Recipe) -> ExportPlan:
    """Decide what goes where. `found` has to be of the recipe's datasets, in its order."""
    shares = Shares(
        recipe.test_share, recipe.fact_share, recipe.seed, recipe.paraphrases == "together"
    )
    sides = split.assign(found.pool, shares)
    kept = _replayed(found.outlines, sides, recipe)
    files = tuple(
        file
        for outlined, side, keep in zip(found.outlines, sides, kept, strict=True)
        for file in _files(outlined, numpy.where(keep, side, -1), recipe)
    )
    members = _members(found.outlines, sides, kept)
    unreviewed = sum(
        int(numpy.count_nonzero(outlined.is_unreviewed & keep))
        for outlined, keep in zip(found.outlines, kept, strict=True)
    )
    return ExportPlan(
        recipe=recipe,
        files=files,
        members=members,
        unreviewed=unreviewed,
        left_out=sum(map(len, found.outlines)) - len(members),
        warnings=(
            *warnings_of(recipe, found.outlines, found.facts, _trained_rows(files)),
            *_of_tests(found, shares, sides),
        ),
    )


def check_not_empty(planned: ExportPlan) -> None:
    """Raise BadInput when there is nothing to export."""
    if not planned.pairs:
        if planned.recipe.accepted_only:
            raise BadInput(
                "There are no accepted pairs in {names}. Import some, or accept some in Review.",
                names=planned.recipe.datasets,
            )
        raise BadInput(
            "There are no usable pairs in {names}. Import some, or accept some in Review.",
            names=planned.recipe.datasets,
        )


def layouts(outlined: Outline, recipe: Recipe) -> tuple[RowLayout, ...]:
    """Format3 needs a trigger; a dataset without one is format2 where it was asked for."""
    asked = recipe.layout_of(outlined.dataset.name)
    if asked == "sharegpt" or asked == "messages":
        return (asked,)
    if not outlined.dataset.trigger:
        return ("format2",)
    return ("format2", "format3") if asked == "both" else (cast("RowLayout", asked),)


def _of_tests(found: Sources, shares: Shares, sides: list[Integers]) -> Iterator[ExportWarning]:
    """Say which datasets have few rows that test in other words what is trained, and why."""
    tested = [int(numpy.count_nonzero(each == split.TEST)) for each in sides]
    meant = [
        0 if outlined.dataset.role == "general" else shares.wordings * len(outlined)
        for outlined in found.outlines
    ]
    short = [n for n, rows in enumerate(tested) if 2 * rows < meant[n]]
    possible = tested
    if short and shares.keeps_paraphrases and found.pool.has_paraphrases:
        loose = split.assign(found.pool, replace(shares, keeps_paraphrases=False))
        possible = [int(numpy.count_nonzero(each == split.TEST)) for each in loose]
    scarce = [n for n in short if possible[n] < FEW_TESTS and meant[n] >= FEW_TESTS]
    kept = [n for n in short if n not in scarce and 2 * tested[n] < possible[n]]
    by_code: dict[WarningCode, list[int]] = {"few_wordings": scarce, "few_tested": kept}
    for code, places in by_code.items():
        if places:
            yield ExportWarning(
                code,
                ",".join(found.outlines[n].dataset.name for n in places),
                sum(tested[n] for n in places),
                sum(possible[n] for n in places),
            )


def _trained_rows(files: tuple[PlannedFile, ...]) -> dict[str, int]:
    return {file.dataset: file.rows for file in files if file.split == "train"}


def _replayed(outlines: tuple[Outline, ...], sides: list[Integers], recipe: Recipe) -> list[Flags]:
    """Say of every pair whether it is taken: of general ones, up to the replay share."""
    kept = [numpy.ones(len(each), dtype=numpy.bool_) for each in outlines]
    if recipe.replay is None:
        return kept
    trained = [numpy.flatnonzero(side == split.TRAIN) for side in sides]
    is_general = [each.dataset.role == "general" for each in outlines]
    others = sum(
        len(rows) * recipe.repeat_of(each.dataset.name)
        for each, rows, general in zip(outlines, trained, is_general, strict=True)
        if not general
    )
    wanted = round(others * recipe.replay / (1 - recipe.replay))
    general = [n for n, is_so in enumerate(is_general) if is_so]
    if not general:
        return kept
    repeats = [recipe.repeat_of(outlines[n].dataset.name) for n in general]
    ranks = numpy.concatenate([mixed(outlines[n].questions[trained[n]]) for n in general])
    homes = numpy.concatenate([numpy.full(len(trained[n]), n) for n in general])
    names = ranks_of_names(outlines)[homes]
    rows = numpy.concatenate([trained[n] for n in general])
    costs = numpy.concatenate(
        [numpy.full(len(trained[n]), each) for n, each in zip(general, repeats, strict=True)]
    )
    order = numpy.lexsort((rows, names, ranks))
    dropped = order[numpy.cumsum(costs[order]) > wanted]
    for n in general:
        kept[n][rows[dropped[homes[dropped] == n]]] = False
    return kept


def _members(outlines: tuple[Outline, ...], sides: list[Integers], kept: list[Flags]) -> Members:
    ids = numpy.concatenate([each.ids[keep] for each, keep in zip(outlines, kept, strict=True)])
    versions = [each.versions[keep] for each, keep in zip(outlines, kept, strict=True)]
    taken = [side[keep] for side, keep in zip(sides, kept, strict=True)]
    order = numpy.argsort(ids, kind="stable")
    return Members(ids[order], numpy.concatenate(versions)[order], numpy.concatenate(taken)[order])


def _files(outlined: Outline, sides: Integers, recipe: Recipe) -> Iterator[PlannedFile]:
    """Yield the files of a dataset that have rows; a side of -1 is in none."""
    dataset = outlined.dataset
    test_layout: RowLayout = "format3" if dataset.trigger else "format2"
    wanted: list[tuple[RowLayout, Split, About, int]] = [
        *((layout, "train", "wordings", split.TRAIN) for layout in layouts(outlined, recipe)),
        (test_layout, "test", "wordings", split.TEST),
        (test_layout, "test", "facts", split.FACTS),
    ]
    for layout, part, about, side in wanted:
        is_in = sides == side
        if not is_in.any():
            continue
        yield PlannedFile(
            dataset=dataset.name,
            role=dataset.role,
            split=part,
            about=about,
            trigger=dataset.trigger,
            shape=_shape(outlined, is_in, layout, recipe),
            ids=outlined.ids[is_in],
            tokens=int(outlined.tokens[is_in].sum())
            + _trigger_tokens(layout, dataset.trigger, is_in),
            repeat=recipe.repeat_of(dataset.name) if part == "train" else 1,
            file_format=recipe.file_format,
        )


def _trigger_tokens(layout: RowLayout, trigger: str, is_in: Flags) -> int:
    """Estimate what the task sentence adds: a token for three bytes of any language."""
    said = 0 if layout == "format2" else -(-len(trigger.encode()) // 3)
    return said * int(numpy.count_nonzero(is_in))


def _shape(outlined: Outline, is_in: Flags, layout: RowLayout, recipe: Recipe) -> RowShape:
    """A file has an optional column when any of its pairs fills it."""
    has_system = recipe.system == "text" or bool((outlined.has_system & is_in).any())
    return RowShape(
        layout=layout,
        trigger="" if layout == "format2" else outlined.dataset.trigger,
        system=has_system and recipe.system != "drop",
        default_system=recipe.system_text,
        history=bool((outlined.has_history & is_in).any()),
        facts=bool((outlined.has_facts & is_in).any()),
    )
