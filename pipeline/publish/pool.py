"""Which pairs of an export belong together: one wording, one fact. Numbers only, no text."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy
import pyarrow
import pyarrow.compute

from pipeline.curate.joining import components
from pipeline.curate.key_numbers import Numbers, together
from pipeline.publish.outline import Flags, Integers, Outline


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """Members of the clusters of duplicates and paraphrases, those of one cluster in a row."""

    is_paraphrase: Flags
    clusters: Integers
    pairs: Integers
    """Their ids."""

    @classmethod
    def of(cls, members: pyarrow.Table) -> "Close":
        """Return what `store.clusters.close` read."""
        relations = pyarrow.compute.equal(members.column("relation"), "paraphrase")
        return cls(
            relations.to_numpy(zero_copy_only=False).astype(numpy.bool_),
            members.column("cluster_id").to_numpy(),
            members.column("pair_id").to_numpy(),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The pairs of all datasets, one after the other, and what belongs together among them.

    Groups are numbered from 0; a value stands for a pair, unless another thing is said.
    """

    sizes: tuple[int, ...]
    """How many pairs each dataset has."""
    questions: Numbers
    answers: Numbers
    """Of the answer and where it counts as the same: what makes a fact."""
    datasets: Integers
    """Which dataset each comes from, by its place in the order of names."""
    is_general: Flags
    is_domain: Flags
    is_test: Flags
    wordings: Integers
    """The group of nearly one text: the same question, a cluster of duplicates or paraphrases."""
    narrow_wordings: Integers
    """The same without paraphrases of facts; those of general pairs have no fact."""
    facts: Integers
    """The group of one answer, and of whatever shares a wording with it."""
    has_paraphrases: bool

    @classmethod
    def of(cls, outlines: Sequence[Outline], close: Close) -> "Pool":
        """Return the pool of these datasets' pairs."""
        sizes = [len(outline) for outline in outlines]
        places = numpy.repeat(numpy.arange(len(outlines)), sizes)
        roles = numpy.array([each.dataset.role for each in outlines])[places]
        # The name and not the id: the same data in another workspace is split alike.
        homes = ["" if each.dataset.role == "domain" else each.dataset.name for each in outlines]
        names = numpy.array([number_of(home) for home in homes], dtype=numpy.uint64)
        questions = numpy.concatenate([each.questions for each in outlines])
        answers = together(names[places], numpy.concatenate([each.answers for each in outlines]))
        ties = _Ties.of(numpy.concatenate([each.ids for each in outlines]), close)
        asked, is_general = grouped(questions), roles == "general"
        wordings = ties.joined(asked)
        return cls(
            sizes=tuple(sizes),
            questions=questions,
            answers=answers,
            datasets=ranks_of_names(outlines)[places],
            is_general=is_general,
            is_domain=roles == "domain",
            is_test=numpy.concatenate([each.is_test for each in outlines]),
            wordings=wordings,
            narrow_wordings=ties.without_paraphrases(but_of=is_general).joined(asked),
            facts=_facts(answers, wordings),
            has_paraphrases=bool(ties.is_paraphrase.any()),
        )

    def __len__(self) -> int:
        return len(self.datasets)


@dataclass(frozen=True, slots=True, eq=False)
class _Ties:
    """Members of clusters by their place among the pairs, those of one cluster in a row."""

    rows: Integers
    clusters: Integers
    is_paraphrase: Flags

    @classmethod
    def of(cls, ids: Integers, close: Close) -> "_Ties":
        order = numpy.argsort(ids, kind="stable")
        places = numpy.searchsorted(ids, close.pairs, sorter=order)
        rows = order[numpy.minimum(places, len(ids) - 1)] if len(ids) else places
        is_here = ids[rows] == close.pairs if len(ids) else numpy.zeros(len(rows), numpy.bool_)
        return cls(rows[is_here], close.clusters[is_here], close.is_paraphrase[is_here])

    def without_paraphrases(self, *, but_of: Flags) -> "_Ties":
        """Leave the clusters of paraphrases out that hold none of the pairs of `but_of`."""
        kept = self.clusters[but_of[self.rows]]
        chosen = ~self.is_paraphrase | numpy.isin(self.clusters, kept)
        return _Ties(self.rows[chosen], self.clusters[chosen], self.is_paraphrase[chosen])

    def joined(self, groups: Integers) -> Integers:
        """Return the groups with those joined that a cluster ties."""
        is_next = self.clusters[1:] == self.clusters[:-1]
        tied = groups[self.rows]
        return _joined(groups, tied[:-1][is_next], tied[1:][is_next])


def _facts(answers: Numbers, wordings: Integers) -> Integers:
    """Return the fact of each pair: of its answer, joined where a wording has several."""
    answered = grouped(answers)
    rows = numpy.flatnonzero(numpy.bincount(wordings)[wordings] > 1)
    # Pairs of one wording in a row.
    rows = rows[numpy.argsort(wordings[rows], kind="stable")]
    is_next = wordings[rows][1:] == wordings[rows][:-1]
    tied = answered[rows]
    return _joined(answered, tied[:-1][is_next], tied[1:][is_next])


def _joined(groups: Integers, one: Integers, other: Integers) -> Integers:
    """Return the groups with each of `one` and `other` made the same, numbered from 0 again."""
    count = int(groups.max(initial=-1)) + 1
    roots = components(one, other, count)
    numbers = numpy.cumsum(roots == numpy.arange(count)) - 1
    return cast("Integers", numbers[roots[groups]])


def grouped(values: Numbers) -> Integers:
    """Return which group of equal values each belongs to, numbered by rising value."""
    order = numpy.argsort(values)
    ordered = values[order]
    is_first = numpy.concatenate(([False], ordered[1:] != ordered[:-1]))
    groups = numpy.empty(len(values), dtype=numpy.int64)
    groups[order] = numpy.cumsum(is_first)
    return groups


def ranks_of_names(outlines: Sequence[Outline]) -> Integers:
    """Return the place of each dataset in the order of names: a recipe may name them in any."""
    names = numpy.array([outline.dataset.name for outline in outlines])
    return cast("Integers", numpy.argsort(numpy.argsort(names)))


def number_of(text: str) -> int:
    """Return a number of 64 bits that stands for a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
