"""Bringing an export's pairs back into the workspace, as they were when it was made."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pipeline.errors import BadInput, DoesNotHold
from pipeline.publish import manifest
from pipeline.publish.layouts import from_row
from pipeline.publish.manifest import ExportFile
from pipeline.publish.seen import rows
from pipeline.publish.verify import verify
from store import datasets, pairs
from store.db import Database
from store.types import Dataset, NewPair

_BEST = ("format2", "sharegpt", "messages", "format3")
"""Layouts that a pair comes back from; format2 alone keeps the context apart."""


def restore(db: Database, export: Path, dataset: str, name: str) -> tuple[Dataset, int]:
    """Make a new dataset of what an export holds of one, trained and held back alike.

    Returns it and how many pairs it has; undoing the import takes them out again. Raises
    DoesNotHold for a damaged export, NameTaken where the name is given, BadInput where the export
    has no such dataset.
    """
    checked = verify(export)
    if not checked.holds:
        broken = tuple(file.name for file in checked.broken)
        raise DoesNotHold(
            "{export} is not what was exported ({broken}): nothing came back.",
            export=export.name,
            broken=broken,
        )
    files = _files(export, dataset)
    with db.write() as cursor:
        made = datasets.create_in(cursor, name, files[0].role, domain="", trigger=_trigger(files))
        found = (pair for file in files for pair in _pairs(export, file))
        action_id = pairs.insert_many_in(cursor, made.id, found, summary=export.name)
        count = cursor.execute("SELECT pair_count FROM actions WHERE id = ?", [action_id])
        return made, int(count.fetchall()[0][0])


def _files(export: Path, dataset: str) -> list[ExportFile]:
    listed = manifest.read(export).files
    mine = [file for file in listed if file.dataset == dataset]
    if not mine:
        known = tuple(sorted({file.dataset for file in listed}))
        raise BadInput(
            "{export} holds nothing of {dataset!r}. It has: {known}.",
            export=export.name,
            dataset=dataset,
            known=known,
        )
    trained = [file for file in mine if file.split == "train"]
    best = sorted(trained, key=lambda file: _BEST.index(file.layout))[:1]
    return [*best, *(file for file in mine if file.split == "test")]


def _trigger(files: list[ExportFile]) -> str:
    return next((file.trigger for file in files if file.trigger), "")


def _pairs(export: Path, file: ExportFile) -> Iterator[NewPair]:
    """Yield the pairs of a file, each once."""
    different = file.rows // file.repeat
    for number, row in enumerate(islice(rows(export / file.name), different), start=1):
        record = dict(row)
        if file.layout in ("sharegpt", "messages") and file.trigger:
            asked = str(record["instruction"])
            record["instruction"] = asked.removeprefix(f"{file.trigger}\n")
        pair = from_row(record, has_trigger=file.layout == "format3")
        yield replace(pair, source_file=f"{export.name}/{file.name}", source_row=number)
