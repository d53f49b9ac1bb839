"""The records that the store gives and takes: frozen and plain, without any behaviour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Role = Literal["identity", "domain", "general"]
Layout = Literal["format2", "format3"]
RowLayout = Layout | Literal["sharegpt", "messages"]
"""How a row of an export is laid out; the last two are conversations."""
ExportChange = Literal["added", "removed", "changed", "moved"]
"""What became of a pair from one export to another; `moved` is between training and test."""
Status = Literal["unreviewed", "accepted", "rejected", "removed"]
"""`removed` means: dropped as a duplicate of another pair (`Pair.duplicate_of`)."""
Relation = Literal["duplicate", "paraphrase", "conflict", "lookalike"]
Reason = Literal[
    "same", "edited", "reworded", "number", "unit", "date", "name", "negation", "answer"
]
"""Why two pairs have their relation: equal after normalisation, edited, in other words; or what
they differ in (`answer`: the same is asked, the answers differ)."""
Method = Literal["wording", "meaning"]
"""How pairs were compared: by their words, or by a local embedding model."""
Verdict = Literal["keep_one", "both_fine", "not_alike", "merge"]
"""What a person said of a cluster: one stays and the others go, all may stay, it is no cluster,
one stays with a new text made of all."""
KeeperRule = Literal["oldest", "longest", "best"]
"""Which pair of a cluster stays: that of the lowest id, the longest answer, the best quality."""
Vote = Literal["base", "adapter", "tie", "both_bad"]
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
class Scan:
    """One comparison of all pairs of a dataset with each other."""

    dataset_id: int
    method: Method
    floor: float
    """The score from which links were kept."""
    encoder: str
    """The embedding model, empty where words were compared."""
    pair_count: int
    last_pair_id: int
    """The newest pair that was compared, 0 where there was none."""
    texts: int
    """A checksum over all that was compared."""
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Two pairs that are close, and why."""

    one_id: int
    other_id: int
    relation: Relation
    score: float
    """Similarity of what is asked, 0 to 1."""
    answer_score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Removal:
    """Why a pair was removed as the duplicate of another."""

    action_id: int
    pair_id: int
    duplicate_of: int
    relation: Relation
    reason: Reason | None
    """None where an older Graft removed it without saying why."""
    score: float
    answer_score: float


@dataclass(frozen=True, slots=True)
class NewCluster:
    """Pairs that belong together, as a dedup pass found them."""

    relation: Relation
    score: float
    keeper_id: int
    pair_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A pair of a cluster, and the closest other pair that brought it there."""

    pair_id: int
    linked_to: int | None
    score: float
    answer_score: float
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A stored cluster; `verdict` is None until a person has decided."""

    id: int
    relation: Relation
    score: float
    reason: Reason | None
    keeper_id: int
    size: int
    """All its pairs; a page reads only the first of a large cluster."""
    members: tuple[Member, ...]
    verdict: Verdict | None

    @property
    def pair_ids(self) -> tuple[int, ...]:
        """The pairs that were read, by rising id."""
        return tuple(member.pair_id for member in self.members)


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """Which open clusters are meant; an empty field does not restrict."""

    dataset_ids: tuple[int, ...] = ()
    relation: Relation | None = None
    reasons: tuple[Reason, ...] = ()
    least_score: float = 0.0


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


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """An export folder that was made from this workspace."""

    id: int
    name: str
    folder: str
    recipe: dict[str, object]
    manifest_sha1: str
    pair_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the workspace remembers it; its state is never here, but read from its folder."""

    id: int
    folder: str
    title: str
    export_name: str
    model: str
    parent_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """Scores of base and adapters on one export's test files; the rows are in its folder."""

    id: int
    folder: str
    export_name: str
    run_ids: tuple[int, ...]
    scores: dict[str, dict[str, float | None]]
    """Model (`base` or a run id as text) → measure → value."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewComparison:
    """One prompt and what each model answered, with the stamp of what made each answer."""

    prompt: str
    settings: dict[str, object]
    answers: tuple[tuple[str, str, str], ...]
    """(model, text, stamp), in column order."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A stored comparison and its vote, if there is one."""

    id: int
    prompt: str
    settings: dict[str, object]
    answers: tuple[tuple[str, str, str], ...]
    vote: Vote | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewProbe:
    """What a base model was asked before training, as it is taken into the store."""

    folder: str
    """The probe's folder, relative to the workspace."""
    kind: Literal["replay", "known"]
    base: str
    """The folder of the base model."""
    base_sha256: str
    """Of its weights."""
    source: str
    """The name of the prompt list, or of the datasets."""
    settings: dict[str, object]
    left_out: int
    """Answers that were not taken: cut off, empty, or not to be judged."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe that was taken in."""

    folder: str
    kind: Literal["replay", "known"]
    base: str
    base_sha256: str
    source: str
    settings: dict[str, object]
    dataset_id: int | None
    """The dataset that its answers became."""
    taken: int
    """Pairs that were made, or judged."""
    left_out: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How often a base answered the question of a pair rightly."""

    pair_id: int
    digest: str
    """Of question, context and facts as they were asked; see `store.probes.DIGEST`."""
    right_answers: int
    answers: int
    is_greedy_right: bool


@dataclass(frozen=True, slots=True)
class KnownShare:
    """How many usable pairs of a dataset a base knows."""

    known: int = 0
    sometimes: int = 0
    unknown: int = 0
    open: int = 0
    """Not asked yet, or changed since, or without key facts to judge by."""
    total: int = 0
