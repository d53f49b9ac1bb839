"""The records of pairs and datasets that the store gives and takes: frozen, without behaviour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from store.relation_types import Relation, Removal

T = TypeVar("T")
Role = Literal["identity", "domain", "general"]
Layout = Literal["format2", "format3"]
RowLayout = Layout | Literal["sharegpt", "messages"]
"""How a row of an export is laid out; the last two are conversations."""
Status = Literal["unreviewed", "accepted", "rejected", "removed"]
"""`removed` means: dropped as a duplicate of another pair (`Pair.duplicate_of`)."""
ActionKind = Literal["import", "edit", "status", "dedup", "undo", "tag", "note", "move", "fix"]
SortKey = Literal["added", "changed", "question_length", "answer_length", "quality"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class NewPair:
    """A pair before it has a row: what an import makes."""

    question: str
    answer: str
    context: str = ""
    system: str | None = None
    history: tuple[Turn, ...] = ()
    facts: tuple[str, ...] = ()
    """Strings that a right answer must contain: what evaluation counts."""
    source_file: str = ""
    source_row: int = 0
    """1-based, counted as the file counts its records."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One question and answer of a dataset, as stored."""

    id: int
    dataset_id: int
    question: str
    answer: str
    context: str
    system: str | None
    history: tuple[Turn, ...]
    facts: tuple[str, ...]
    status: Status
    duplicate_of: int | None
    note: str
    source_file: str
    source_row: int
    version: int
    """Rises by one with each change; a save names the version it was made from."""
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    """What people call it, by their own words."""
    flags: tuple[str, ...] = ()
    """Codes of what the quality checks found, as of the version that was judged last."""
    language: str = ""
    """ISO 639-1 code of the question and answer; empty where it was not judged."""
    quality: float | None = None
    """0 (worst) to 1; None where it was not judged."""
    question_tokens: int | None = None
    answer_tokens: int | None = None
    """Lengths in tokens as they were judged; estimates where the workspace has no tokenizer."""


@dataclass(frozen=True, slots=True)
class PairEdit:
    """The fields of a pair that a person may change; None leaves a field as it is."""

    question: str | None = None
    answer: str | None = None
    context: str | None = None
    facts: tuple[str, ...] | None = None
    note: str | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Named pairs with one role."""

    id: int
    name: str
    role: Role
    domain: str
    trigger: str
    """The task sentence that becomes the instruction of format3; empty where there is none."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset and how many of its pairs have each status."""

    dataset: Dataset
    unreviewed: int
    accepted: int
    rejected: int
    removed: int

    @property
    def total(self) -> int:
        """All pairs of the dataset, the rejected and removed ones too."""
        return self.unreviewed + self.accepted + self.rejected + self.removed

    @property
    def usable(self) -> int:
        """The pairs that an export takes by default."""
        return self.unreviewed + self.accepted


@dataclass(frozen=True, slots=True)
class Between:
    """A range of whole numbers, both ends in it; None leaves an end open."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs are meant; the fields combine with AND, an empty field does not restrict.

    Where a field takes several values, a pair has to have one of them.
    """

    dataset_id: int | None = None
    statuses: tuple[Status, ...] = ()
    text: str = ""
    """A substring of question or answer, without regard to case."""
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Codes of quality findings."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes; "" means the pairs that were not judged."""
    relations: tuple[Relation, ...] = ()
    """Relations of undecided clusters that the pair is in."""
    is_edited: bool | None = None
    """Whether its texts were changed here since it was imported."""
    has_note: bool | None = None
    question_length: Between = Between()
    """Characters."""
    answer_length: Between = Between()
    source_file: str = ""


@dataclass(frozen=True, slots=True)
class PairSort:
    """In which order pairs stand; equal ones by id, those without a value (quality) last."""

    by: SortKey = "added"
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a longer list."""

    rows: tuple[T, ...]
    number: int
    """1-based."""
    size: int
    total: int


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a pair stands in a filtered list; None where nothing is before or after it."""

    previous_id: int | None
    next_id: int | None
    place: int
    """How many pairs of the list come up to it, itself counted if it is in the list."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person did: the unit of undo."""

    id: int
    kind: ActionKind
    summary: str
    pair_count: int
    at: datetime
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What a change of all pairs of a filter did; without an action where none was different."""

    action_id: int | None
    matched: int
    changed: int


@dataclass(frozen=True, slots=True)
class Change:
    """One pair, before and after one action; `before` is None where the action made the pair."""

    action: Action
    pair_id: int
    before: dict[str, object] | None
    after: dict[str, object] | None
    removal: "Removal | None" = None
    """Why the action removed the pair, where it did."""


@dataclass(frozen=True, slots=True)
class RowShape:
    """What the rows of one file hold, in the order of its keys."""

    layout: RowLayout = "format2"
    trigger: str = ""
    """Goes before the question; in format3 it is the instruction."""
    system: bool = False
    """Whether the rows have a system prompt."""
    default_system: str = ""
    """The system prompt of pairs that have none of their own."""
    history: bool = False
    facts: bool = False
