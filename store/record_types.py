"""What the store remembers of exports, runs, evaluations, comparisons and probes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ExportChange = Literal["added", "removed", "changed", "moved"]
"""What became of a pair from one export to another; `moved` is between training and test."""
TIE, BOTH_BAD = "tie", "both_bad"
"""The votes that name no model."""


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
    question_set: str = ""
    """The list that the question is of, such as an export's test file; empty for none."""
    reference: str = ""
    """The right answer, where the list has one."""
    is_blind: bool = False
    """Whether the names are hidden until there is a vote."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A stored comparison and its vote, if there is one."""

    id: int
    prompt: str
    settings: dict[str, object]
    answers: tuple[tuple[str, str, str], ...]
    vote: str | None
    """The model that won, `tie` or `both_bad`."""
    created_at: datetime
    question_set: str = ""
    reference: str = ""
    is_blind: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether it must not be told yet which model said what."""
        return self.is_blind and self.vote is None


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote between models."""

    question_set: str
    models: tuple[str, ...]
    vote: str
    is_blind: bool


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
