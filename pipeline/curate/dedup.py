"""Which pairs are the same, which contradict each other, and which only look alike.

Three steps, each on its own: `scan` compares the pairs of a dataset and stores the links down to a
floor; `cluster` makes clusters of the links at or above a threshold, without comparing again; and
`apply` removes what is equal, and what is only edited when that is asked for. All else is for a
person to decide. Datasets are compared one by one: the same question may stand in two on purpose.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from pipeline.curate import joining, semantic
from pipeline.curate.joining import Groups, Standing
from pipeline.curate.links import REASONS, RELATIONS, Links
from pipeline.curate.near import COLUMNS, FLOOR, Progress, find_links
from pipeline.curate.semantic import Encoder
from pipeline.decode import decode
from store import clusters, datasets, links, passes, settings, verdicts
from store.db import Database
from store.relation_types import ClusterFilter, KeeperRule, Reason, Relation, Scan

DEFAULT_THRESHOLD = 0.65
"""Similarity, word by word, from which a person should look at two pairs; measured in
docs/log.md: above 0.7 rewordings are missed, below it look-alikes are not taken for the same."""
EXACT: tuple[Reason, ...] = ("same",)
EDITED: tuple[Reason, ...] = ("same", "edited")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses about clusters."""

    threshold: float = DEFAULT_THRESHOLD
    """Score by words from which a link counts."""
    meaning_threshold: float = semantic.DEFAULT_THRESHOLD
    """Score by meaning from which a link of the semantic pass counts."""
    keep: KeeperRule = "oldest"


DEFAULT_CHOICE = Choice()
_SETTING = "dedup"


@dataclass(frozen=True, slots=True)
class DedupReport:
    """What a pass over datasets of the store did."""

    pairs: int
    """Usable pairs before anything was removed."""
    clusters: dict[Relation, int]
    """How many were open before anything was removed."""
    removable: dict[Reason, int]
    """How many pairs are only equal to, or edited from, another one that stays."""
    removed: int
    action_id: int | None
    """The action that removed them, None where nothing was removed."""
    choice: Choice


def chosen(db: Database) -> Choice:
    """Return what was chosen for this workspace last."""
    kept = settings.get(db, _SETTING)
    return decode(Choice, json.loads(kept)) if kept else DEFAULT_CHOICE


def choose(db: Database, choice: Choice) -> None:
    """Remember a choice for this workspace."""
    settings.put(db, _SETTING, json.dumps(asdict(choice)))


def run(
    db: Database,
    dataset_ids: Iterable[int],
    *,
    choice: Choice = DEFAULT_CHOICE,
    apply: tuple[Reason, ...] = (),
    progress: Progress = lambda _: None,
) -> DedupReport:
    """Compare the pairs of datasets where needed, cluster them, and remove what `apply` names."""
    ids = sorted(set(dataset_ids))
    scan(db, ids, floor=min(FLOOR, choice.threshold), progress=progress)
    cluster(db, ids, choice)
    usable = sum(s.usable for s in datasets.summaries(db) if s.dataset.id in ids)
    found = clusters.counts(db, matching=ClusterFilter(tuple(ids)))
    can_go = removable(db, ids)
    action_id = remove(db, ids, apply, choice) if apply else None
    removed = sum(can_go[reason] for reason in apply) if action_id is not None else 0
    return DedupReport(usable, found, can_go, removed, action_id, choice)


def scan(
    db: Database,
    dataset_ids: Iterable[int],
    *,
    floor: float = FLOOR,
    progress: Progress = lambda _: None,
) -> int:
    """Compare the pairs of each dataset that changed since its last scan; return how many did."""
    ids = [each for each in sorted(set(dataset_ids)) if not _is_current(db, each, floor)]
    for place, dataset_id in enumerate(ids):
        rows = links.texts(db, dataset_id)
        shares = _part(progress, place, len(ids))
        found = find_links(rows.select(COLUMNS), floor=floor, progress=shares)
        links.replace(db, scan_of(dataset_id, floor, rows), columns_of(found, rows))
    progress(1.0)
    return len(ids)


def scan_meaning(
    db: Database,
    dataset_ids: Iterable[int],
    encoder: Encoder,
    *,
    name: str,
    progress: Progress = lambda _: None,
) -> None:
    """Compare the pairs of each dataset by meaning as well, with an embedding model."""
    ids = sorted(set(dataset_ids))
    for place, dataset_id in enumerate(ids):
        rows = links.texts(db, dataset_id)
        found = semantic.find_links(
            rows.select(COLUMNS),
            encoder,
            floor=semantic.FLOOR,
            progress=_part(progress, place, len(ids)),
        )
        scan = replace(scan_of(dataset_id, semantic.FLOOR, rows), method="meaning", encoder=name)
        links.replace(db, scan, columns_of(found, rows))


def cluster(db: Database, dataset_ids: Iterable[int], choice: Choice) -> None:
    """Put the clusters that the stored links give at a threshold in place of the open ones.

    What a person decided stays decided: a cluster called fine is not asked again, and pairs called
    unalike are never joined again.
    """
    for dataset_id in sorted(set(dataset_ids)):
        standing = passes.standing(db, dataset_id, keep=choice.keep)
        ids = standing.column("id").to_numpy()
        found = pyarrow.concat_tables(
            [
                links.table(db, dataset_id, threshold=choice.threshold, method="wording"),
                links.table(db, dataset_id, threshold=choice.meaning_threshold, method="meaning"),
            ]
        )
        groups = joining.grouped(
            _links(found, ids),
            Standing(
                standing.column("is_usable").to_numpy(zero_copy_only=False),
                standing.column("rank").to_numpy(),
            ),
            barred=_links(passes.unlike(db, dataset_id), ids),
        )
        passes.replace_open(db, [dataset_id], *_tables(groups, ids))


def removable(db: Database, dataset_ids: Iterable[int]) -> dict[Reason, int]:
    """Count the pairs that are only equal to, or edited from, another one that stays."""
    duplicates = ClusterFilter(tuple(dataset_ids), "duplicate")
    found = verdicts.removable(db, duplicates)
    return {"same": found.get("same", 0), "edited": found.get("edited", 0)}


def remove(
    db: Database, dataset_ids: Iterable[int], reasons: tuple[Reason, ...], choice: Choice
) -> int | None:
    """Remove duplicates, by the reasons EXACT or EDITED, as one action; return its id.

    None where there is nothing to remove. What is left is clustered again.
    """
    ids = sorted(set(dataset_ids))
    wanted = ClusterFilter(tuple(ids), "duplicate", reasons)
    summary = "exact duplicates" if reasons == EXACT else "exact and edited duplicates"
    action_id = verdicts.decide_all(db, wanted, "keep_one", summary=summary)
    if action_id is not None:
        cluster(db, ids, choice)
    return action_id


def _is_current(db: Database, dataset_id: int, floor: float) -> bool:
    last = links.scans(db).get(dataset_id)
    # A score is stored in single precision.
    return last is not None and last.floor <= floor + 1e-6 and links.is_current(db, dataset_id)


def _part(progress: Progress, place: int, of: int) -> Progress:
    """Return a progress that stands for one of several parts."""
    return lambda share: progress((place + share) / of)


def scan_of(dataset_id: int, floor: float, rows: pyarrow.Table) -> Scan:
    """Return what is remembered of comparing the rows of `links.texts`."""
    seen = rows.column("seen").to_numpy()
    return Scan(
        dataset_id=dataset_id,
        method="wording",
        floor=floor,
        encoder="",
        pair_count=len(seen),
        last_pair_id=int(rows.column("id")[-1].as_py()) if len(seen) else 0,
        texts=int(np.bitwise_xor.reduce(seen)) if len(seen) else 0,
        made_at=datetime.now(UTC),
    )


def columns_of(found: Links, rows: pyarrow.Table) -> pyarrow.Table:
    """Return links between rows as links between pairs."""
    of = {name: rows.column(name).to_numpy() for name in ("id", "version", "text")}
    columns = {
        "one_id": of["id"][found.one],
        "other_id": of["id"][found.other],
        "relation": _words(found.relation, RELATIONS),
        "score": found.score,
        "answer_score": found.answer_score,
        "reason": _words(found.reason, REASONS),
        "one_version": of["version"][found.one],
        "other_version": of["version"][found.other],
        "one_text": of["text"][found.one],
        "other_text": of["text"][found.other],
    }
    return pyarrow.table(columns)


def _links(table: pyarrow.Table, ids: NDArray[np.int64]) -> Links:
    """Return stored links as links between the places of their pairs in `ids`."""
    one, other = (table.column(name).to_numpy() for name in ("one_id", "other_id"))
    found = Links(
        np.searchsorted(ids, one),
        np.searchsorted(ids, other),
        _codes(table.column("relation"), RELATIONS),
        table.column("score").to_numpy(),
        table.column("answer_score").to_numpy(),
        _codes(table.column("reason"), REASONS),
    )
    # A pair that was taken out of the dataset meanwhile has no place in it.
    return found.chosen(np.isin(one, ids) & np.isin(other, ids))


def _tables(groups: Groups, ids: NDArray[np.int64]) -> tuple[pyarrow.Table, pyarrow.Table]:
    heads = {
        "number": np.arange(len(groups.relation)),
        "relation": _words(groups.relation, RELATIONS),
        "score": groups.score,
        "keeper_id": ids[groups.keeper],
        "reason": _words(groups.reason, REASONS),
    }
    members = {
        "number": groups.cluster,
        "pair_id": ids[groups.member],
        "linked_to": ids[groups.linked_to],
        "score": groups.link_score,
        "answer_score": groups.link_answer_score,
        "reason": _words(groups.link_reason, REASONS),
    }
    return pyarrow.table(heads), pyarrow.table(members)


def _words(codes: NDArray[np.int8], words: tuple[str, ...]) -> pyarrow.DictionaryArray:
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array(codes), list(words))


def _codes(column: pyarrow.ChunkedArray, words: tuple[str, ...]) -> NDArray[np.int8]:
    found = pyarrow.compute.index_in(column, pyarrow.array(list(words)))
    return np.asarray(found.to_numpy(), np.int8)
