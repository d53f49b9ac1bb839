"""Pairs that would give a test away: they equal, or reword, a row that an export holds back.

A test row's own pair is no leak; a copy of it that came later, or in another dataset, is. Another
wording is one of a fact that was held back whole, not of one whose wordings are trained and tested
by the recipe. System prompts are passed over, since an export may set its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson
import pyarrow

from pipeline.curate.joining import DUPLICATE, PARAPHRASE, SAME, components
from pipeline.curate.links import REASONS, RELATIONS, Links
from pipeline.curate.near import COLUMNS, Progress, find_links
from pipeline.errors import BadInput
from pipeline.publish import manifest
from pipeline.publish.layouts import from_row
from pipeline.publish.rows import read_rows
from store import exports, links, passes
from store.db import Database
from store.errors import NotFound
from store.relation_types import Reason, Relation
from store.types import NewPair

_Said = tuple[Relation, Reason, float, float]


@dataclass(frozen=True, slots=True)
class Leak:
    """A pair that gives a test row away."""

    pair_id: int
    file: str
    row: int
    """1-based."""
    question: str
    """What the test row asks."""
    relation: Relation
    reason: Reason
    score: float
    answer_score: float


def find(
    db: Database,
    export: Path,
    dataset_ids: Iterable[int],
    *,
    threshold: float,
    progress: Progress = lambda _: None,
) -> tuple[Leak, ...]:
    """Return the usable pairs of datasets that leak a test row of an export, by rising id.

    BadInput if the export is not whole or holds nothing back.
    """
    tests = list(_tests(export))
    if not tests:
        raise BadInput("{export} holds no test rows back, so nothing can leak.", export=export.name)
    reworded = _reworded(export)
    is_reworded = [name in reworded for name, *_ in tests]
    own = _own_pairs(db, export.name)
    found: list[Leak] = []
    ids = sorted(set(dataset_ids))
    for place, dataset_id in enumerate(ids):
        rows = _usable(db, dataset_id, own)
        table = pyarrow.concat_tables([_table([pair for *_, pair in tests]), rows.select(COLUMNS)])
        shares = _part(progress, place, len(ids))
        close = find_links(_without_system(table), floor=threshold, progress=shares)
        for row, test, link in _leaking(close, is_reworded, table.num_rows):
            file, number, pair = tests[test]
            pair_id = rows.column("id")[row - len(tests)].as_py()
            found.append(Leak(pair_id, file, number, pair.question, *link))
    return tuple(sorted(found, key=lambda leak: leak.pair_id))


def _leaking(close: Links, is_reworded: list[bool], count: int) -> Iterator[tuple[int, int, _Said]]:
    """Yield (row, test row, why) of the rows after the tests that equal or reword one of them.

    Of a test row of which other wordings are trained on purpose, they are no leak. Equal rows are
    linked with the first of them only, so links count for all that are equal.
    """
    tests = len(is_reworded)
    is_same = (close.relation == DUPLICATE) & (close.reason == SAME)
    root = components(close.one[is_same], close.other[is_same], count)
    is_alike = ((close.relation == DUPLICATE) & ~is_same) | (close.relation == PARAPHRASE)
    alike = close.chosen(is_alike)
    # The tests come first, so that the root of what equals a test row is one.
    said: dict[int, tuple[int, _Said]] = {}
    for n in np.lexsort((alike.other, alike.one, -alike.score)):
        for test, other in ((alike.one[n], alike.other[n]), (alike.other[n], alike.one[n])):
            if not root[test] < tests <= root[other]:
                continue
            if alike.relation[n] == PARAPHRASE and is_reworded[root[test]]:
                continue
            words = (
                RELATIONS[alike.relation[n]],
                REASONS[alike.reason[n]],
                float(alike.score[n]),
                float(alike.answer_score[n]),
            )
            said.setdefault(int(root[other]), (int(root[test]), words))
    for row in range(tests, count):
        top = int(root[row])
        if top < tests:
            yield row, top, ("duplicate", "same", 1.0, 1.0)
        elif top in said:
            yield row, *said[top]


def _reworded(export: Path) -> set[str]:
    """The test files of facts whose other wordings are trained, however close, by the recipe."""
    made = manifest.read(export)
    # Recipes of before do not say it: then they always stayed together.
    if made.recipe.get("paraphrases", "together") == "together":
        return set()
    return {file.name for file in made.tests("wordings") if file.role != "general"}


def _tests(export: Path) -> Iterator[tuple[str, int, NewPair]]:
    for file in manifest.read(export).tests():
        path = export / file.name
        try:
            rows = read_rows(file.name, path.read_bytes())
            for number, row in enumerate(rows, start=1):
                is_format3 = bool(file.trigger) and row["instruction"] == file.trigger
                pair = from_row({"input": "", **row}, has_trigger=is_format3)
                question = pair.question.removeprefix(f"{file.trigger}\n")
                yield file.name, number, replace(pair, question=question, system=None)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise BadInput(
                "{path} is not as it was exported ({error!r}). Verify it.", path=path, error=error
            ) from error


def _own_pairs(db: Database, name: str) -> set[int]:
    """The pairs that are the test; none where the export was made in another workspace."""
    try:
        record = exports.by_name(db, name)
    except NotFound:
        return set()
    return {pair_id for pair_id, _, split in exports.members(db, record.id) if split != "train"}


def _usable(db: Database, dataset_id: int, own: set[int]) -> pyarrow.Table:
    rows = links.texts(db, dataset_id)
    standing = passes.standing(db, dataset_id, keep="oldest")
    ids = standing.column("id").to_numpy()
    usable = ids[standing.column("is_usable").to_numpy(zero_copy_only=False)]
    found = rows.column("id").to_numpy()
    mask = np.isin(found, usable) & ~np.isin(found, np.array(sorted(own), np.int64))
    return rows.filter(pyarrow.array(mask))


def _table(pairs: list[NewPair]) -> pyarrow.Table:
    columns = {
        "question": [pair.question for pair in pairs],
        "answer": [pair.answer for pair in pairs],
        "context": [pair.context for pair in pairs],
        "system": [None] * len(pairs),
        "history": [
            orjson.dumps([[turn.question, turn.answer] for turn in pair.history]).decode()
            for pair in pairs
        ],
    }
    schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
    return pyarrow.table(columns, schema=schema)


def _without_system(table: pyarrow.Table) -> pyarrow.Table:
    nothing = pyarrow.nulls(table.num_rows, pyarrow.string())
    return table.set_column(table.schema.get_field_index("system"), "system", nothing)


def _part(progress: Progress, place: int, of: int) -> Progress:
    return lambda share: progress((place + share) / of)
