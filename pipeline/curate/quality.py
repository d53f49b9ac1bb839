"""What in a dataset would spoil training, pair by pair; each finding has a code and its facts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.curate import placeholders
from pipeline.curate.normalise import key, tokens
from store import clusters, datasets, pairs
from store.db import Database
from store.types import DatasetSummary, Pair, PairFilter

FEWEST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `check` is a stable code, which the pages turn into words."""

    check: str
    """`placeholder`, `trivial_answer`, `copied_question`, `small_dataset`, `undecided`."""
    dataset: str
    pair_id: int | None
    source: str
    """File and row, empty for a finding about the whole dataset."""
    fact: str
    """What was found, as it stands in the data, or a count."""


def check(db: Database, summaries: Iterable[DatasetSummary]) -> tuple[Finding, ...]:
    """Return the findings of datasets, usable pairs only, by dataset and pair."""
    return tuple(finding for summary in summaries for finding in _of_dataset(db, summary))


def chosen(db: Database, names: list[str]) -> tuple[DatasetSummary, ...]:
    """Return the summaries of datasets by name, of all for no name; NotFound for a wrong one."""
    wanted = {datasets.by_name(db, name).id for name in names}
    found = datasets.summaries(db)
    return tuple(s for s in found if not wanted or s.dataset.id in wanted)


def of_pair(pair: Pair) -> Iterator[tuple[str, str]]:
    """Yield (check, fact) of one pair."""
    left = placeholders.found(placeholders.texts_of(pair))
    if left:
        yield "placeholder", ", ".join(f"{{{{{name}}}}}" for name in left)
    if not tokens(pair.answer):
        yield "trivial_answer", pair.answer
    elif key(pair.answer) == key(pair.question):
        yield "copied_question", pair.question


def _of_dataset(db: Database, summary: DatasetSummary) -> Iterator[Finding]:
    name = summary.dataset.name
    if summary.usable < FEWEST_PAIRS:
        yield Finding("small_dataset", name, None, "", str(summary.usable))
    undecided = sum(clusters.counts(db, dataset_id=summary.dataset.id).values())
    if undecided:
        yield Finding("undecided", name, None, "", str(undecided))
    usable = PairFilter(dataset_id=summary.dataset.id, statuses=("unreviewed", "accepted"))
    for pair in pairs.each(db, matching=usable):
        source = f"{pair.source_file}:{pair.source_row}"
        for code, fact in of_pair(pair):
            yield Finding(code, name, pair.id, source, fact)
