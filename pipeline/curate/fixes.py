"""Repairing what the checks found where a repair is known: one pair, or all with a code at once.

A repair is computed from the pair as it stands; applying it is one action that can be undone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from pipeline.curate import judge
from pipeline.curate.checks import run
from pipeline.curate.checks.found import CODES, Found, Frame, Texts
from pipeline.errors import BadInput
from pipeline.workspace import Workspace
from store import flags, pairs, repairs
from store.db import Database
from store.types import Dataset, Pair, PairEdit, PairFilter, Status

MOST_ROUNDS = 8
"""What one repair lays open (an entity that was written twice) the next round finds."""
USABLE: tuple[Status, ...] = ("unreviewed", "accepted")
FIXABLE = tuple(code for code, each in CODES.items() if each.is_fixable)
Dismissed = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Repair:
    """One pair and what it would become."""

    pair: Pair
    edit: PairEdit

    def changes(self) -> Iterator[tuple[str, str, str]]:
        """Yield (field, before, after) of what would change."""
        for name in ("question", "context", "answer"):
            after = getattr(self.edit, name)
            if after is not None:
                yield name, getattr(self.pair, name), after


def repaired(
    pair: Pair, codes: Collection[str], frame: Frame, dismissed: Dismissed = frozenset()
) -> PairEdit | None:
    """Return what a pair becomes without the findings of some codes; None where nothing changes."""
    texts = Texts.of(pair)
    for _ in range(MOST_ROUNDS):
        found = [
            each
            for each in run.of_texts(texts, frame)
            if each.fix is not None
            and each.code in codes
            and (each.code, each.fact) not in dismissed
        ]
        if not found:
            break
        texts = _without(texts, found)
    changed = {
        name: getattr(texts, name)
        for name in ("question", "context", "answer")
        if getattr(texts, name) != getattr(pair, name)
    }
    return PairEdit(**changed) if changed else None


def planned(db: Database, chosen: Iterable[Dataset], codes: Collection[str]) -> Iterator[Repair]:
    """Yield the repairs of every usable pair of some datasets that carries one of the codes.

    BadInput for a code that has no fix. What is dismissed stays as it is.
    """
    wrong = [code for code in codes if code not in FIXABLE]
    if wrong:
        raise BadInput(
            "There is no fix for {wrong}. Fixes exist for {fixable}.",
            wrong=tuple(wrong),
            fixable=tuple(FIXABLE),
        )
    dismissed = flags.dismissed(db)
    for dataset in chosen:
        frame = judge.frame_of(db, dataset.id)
        flagged = PairFilter(dataset_id=dataset.id, statuses=USABLE, flags=tuple(codes))
        for pair in pairs.each(db, matching=flagged):
            edit = repaired(pair, codes, frame, dismissed.get(pair.id, frozenset()))
            if edit is not None:
                yield Repair(pair, edit)


def apply(
    db: Database,
    planned_repairs: Iterable[Repair],
    codes: Collection[str],
    workspace: Workspace | None = None,
    *,
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[int | None, int]:
    """Store repairs as one action, judge those pairs again, and return (action, pairs changed).

    A pair that somebody changed meanwhile is left alone.
    """
    edits = []
    for repair in planned_repairs:
        edits.append((repair.pair.id, repair.pair.version, repair.edit))
        progress(len(edits))
    action_id, changed = repairs.apply(db, edits, summary=", ".join(sorted(codes)))
    judge.judge(db, workspace)
    return action_id, changed


def _without(texts: Texts, found: Iterable[Found]) -> Texts:
    """Return the texts with the spans of findings replaced, each place once."""
    by_field: dict[str, list[Found]] = {}
    for each in found:
        by_field.setdefault(each.field, []).append(each)
    for field, here in by_field.items():
        text, done = getattr(texts, field), len(getattr(texts, field)) + 1
        for each in sorted(here, key=lambda f: (f.start, f.end), reverse=True):
            if each.end <= done:
                text = text[: each.start] + cast("str", each.fix) + text[each.end :]
                done = each.start
        texts = replace(texts, **{field: text})
    return texts
