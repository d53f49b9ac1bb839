"""Reading a report row by row: what became of each row, and which rows a person wants to see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.evaluate.config import BASE, Split
from pipeline.evaluate.report import ReportRow
from store.types import Role

Outcome = Literal["learned", "lost", "kept", "not_learned", "unjudged"]
"""Wrong before and right after, right before and wrong after, right in both, wrong in both, or
neither by identity nor by key facts to be judged."""
Flag = Literal["leak", "old_name", "cut", "likelier_wrong", "degenerate", "drifted"]


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are meant; the fields combine with AND, an empty field does not restrict."""

    outcomes: tuple[Outcome, ...] = ()
    roles: tuple[Role, ...] = ()
    splits: tuple[Split, ...] = ()
    flags: tuple[Flag, ...] = ()
    text: str = ""
    """A substring of question, reference or any answer, without regard to case."""


def outcome(row: ReportRow, model: str) -> Outcome:
    """Say what became of a row from the base to the model."""
    base, tuned = row.answer(BASE), row.answer(model)
    if base is None or tuned is None or base.is_right is None or tuned.is_right is None:
        return "unjudged"
    if tuned.is_right:
        return "kept" if base.is_right else "learned"
    return "lost" if base.is_right else "not_learned"


def flags(row: ReportRow, model: str) -> tuple[Flag, ...]:
    """Return what else is to be noticed in the model's answer to a row."""
    answer = row.answer(model)
    if answer is None:
        return ()
    found: list[Flag] = []
    if answer.is_leak:
        found.append("leak")
    if answer.claimed:
        found.append("old_name")
    if answer.finish_reason == "length":
        found.append("cut")
    weighed = answer.weighed_as("asked")
    if weighed and not weighed.is_right:
        found.append("likelier_wrong")
    if answer.kept and answer.kept.is_degenerate:
        found.append("degenerate")
    if answer.kept and answer.kept.is_drifted:
        found.append("drifted")
    return tuple(found)


def matching(rows: Iterable[ReportRow], model: str, wanted: RowFilter) -> tuple[ReportRow, ...]:
    """Return the rows that the filter means, in their order."""
    return tuple(row for row in rows if _is_meant(row, model, wanted))


def counts(rows: Iterable[ReportRow], model: str) -> dict[Outcome, int]:
    """Return how many rows have each outcome."""
    found: dict[Outcome, int] = dict.fromkeys(
        ("learned", "lost", "kept", "not_learned", "unjudged"), 0
    )
    for row in rows:
        found[outcome(row, model)] += 1
    return found


def _is_meant(row: ReportRow, model: str, wanted: RowFilter) -> bool:
    return (
        (not wanted.outcomes or outcome(row, model) in wanted.outcomes)
        and (not wanted.roles or row.role in wanted.roles)
        and (not wanted.splits or row.split in wanted.splits)
        and (not wanted.flags or bool(set(wanted.flags) & set(flags(row, model))))
        and _holds(row, wanted.text.strip().casefold())
    )


def _holds(row: ReportRow, text: str) -> bool:
    if not text:
        return True
    fields = (row.question, row.reference, *(answer.text for answer in row.answers))
    return any(text in field.casefold() for field in fields)
