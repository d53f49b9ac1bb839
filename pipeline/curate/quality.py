"""What in datasets would spoil training: what the checks find pair by pair, and of each as a whole.

The codes of pairs are in `checks.found.CODES`, those of datasets in `dataset_checks.CODES`; the
pages turn them into words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.curate import dataset_checks, judge
from pipeline.curate.checks import lengths, run
from pipeline.curate.checks.found import CODES, Found, Frame, Severity, Texts
from pipeline.workspace import Workspace
from store import datasets, flags, pairs
from store.db import Database
from store.types import DatasetSummary, Pair, PairFilter, Status

USABLE: tuple[Status, ...] = ("unreviewed", "accepted")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `check` is a stable code, which the pages turn into words."""

    check: str
    dataset: str
    pair_id: int | None
    """None for a finding about the whole dataset."""
    source: str
    """File and row, empty for a finding about the whole dataset."""
    fact: str
    """What was found, as it stands in the data, or a count."""
    severity: Severity = "look"
    field: str = ""
    start: int = 0
    end: int = 0
    """The span in the field, in characters."""
    is_fixable: bool = False


def check(
    db: Database,
    summaries: Iterable[DatasetSummary],
    *,
    codes: tuple[str, ...] = (),
    workspace: Workspace | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of datasets, usable pairs only, by dataset and pair.

    Pairs that changed since they were judged are judged first. With `codes`, only those.
    """
    chosen = tuple(summaries)
    judge.judge(db, workspace)
    every = (finding for summary in chosen for finding in _of_dataset(db, summary, codes))
    return tuple(finding for finding in every if not codes or finding.check in codes)


def chosen(db: Database, names: list[str]) -> tuple[DatasetSummary, ...]:
    """Return the summaries of datasets by name, of all for no name; NotFound for a wrong one."""
    wanted = {datasets.by_name(db, name).id for name in names}
    found = datasets.summaries(db)
    return tuple(s for s in found if not wanted or s.dataset.id in wanted)


def of_pair(pair: Pair, frame: Frame, dismissed: frozenset[tuple[str, str]] = frozenset()
            ) -> tuple[Found, ...]:  # fmt: skip
    """Return what the checks find in one pair as it stands, without what a person has dismissed.

    Lengths in tokens are told by its stored flags, as they need a tokenizer.
    """
    found = [each for each in run.of_texts(Texts.of(pair), frame)]
    found += [_too_long(pair, code) for code in lengths.CODES if code in pair.flags]
    return tuple(each for each in found if (each.code, each.fact) not in dismissed)


def _too_long(pair: Pair, code: str) -> Found:
    if code == "too_long_answer":
        return Found(code, "answer", 0, 0, str(pair.answer_tokens or 0))
    return Found(code, "question", 0, 0, str(pair.question_tokens or 0))


def _of_dataset(db: Database, summary: DatasetSummary, codes: tuple[str, ...]) -> Iterator[Finding]:
    name, dataset_id = summary.dataset.name, summary.dataset.id
    for whole in dataset_checks.of_dataset(db, summary):
        yield Finding(whole.code, name, None, "", whole.fact, whole.severity)
    frame, dismissed = judge.frame_of(db, dataset_id), flags.dismissed(db)
    wanted = tuple(code for code in CODES if not codes or code in codes)
    flagged = PairFilter(dataset_id=dataset_id, statuses=USABLE, flags=wanted)
    for pair in pairs.each(db, matching=flagged) if wanted else ():
        source = f"{pair.source_file}:{pair.source_row}"
        for each in of_pair(pair, frame, dismissed.get(pair.id, frozenset())):
            yield Finding(
                each.code, name, pair.id, source, each.fact, CODES[each.code].severity,
                each.field, each.start, each.end, each.fix is not None,
            )  # fmt: skip
