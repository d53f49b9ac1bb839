"""What is wrong with a dataset as a whole; each finding has a stable code and the fact found."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.curate.checks.found import Code, Severity
from store import clusters
from store.db import Database
from store.types import DatasetSummary

FEWEST_PAIRS = 20
CODES: dict[str, Code] = {
    "small_dataset": Code("look"),
    "undecided": Code("look"),
}


@dataclass(frozen=True, slots=True)
class WholeFinding:
    """One thing that is said of a dataset."""

    code: str
    fact: str
    """A count, or the words that tell it."""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return CODES[self.code].severity


def of_dataset(db: Database, summary: DatasetSummary) -> Iterator[WholeFinding]:
    """Yield what is found of a dataset as a whole."""
    if summary.usable < FEWEST_PAIRS:
        yield WholeFinding("small_dataset", str(summary.usable))
    undecided = sum(clusters.counts(db, dataset_id=summary.dataset.id).values())
    if undecided:
        yield WholeFinding("undecided", str(undecided))
