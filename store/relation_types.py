"""How pairs are related, and what a person decided of it: links, clusters, removals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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
