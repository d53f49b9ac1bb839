"""What is trained and what is held back: by hash, so that it never depends on order or chance.

Pairs that are nearly one text (the same question, a cluster of duplicates) are one *wording* and
stay on one side; so is a cluster of paraphrases, unless close wordings of a fact may be tested
(those of general pairs always stay together). A *fact* is
what shares an answer among domain datasets or in one identity dataset, and whatever shares a
wording or a cluster of paraphrases with it. Two kinds are held back and kept apart:

- whole facts of domain datasets, all their wordings: *unseen facts*, which no training can teach;
- single wordings of facts that are trained, and of general pairs: *unseen wordings*.

The number that decides stands for the wording's questions alone, and the lowest ones are held
back: a pair that is added moves its own wording, and at most one other. The answer has no part in
it, so that a correction does not move a row from test to train. The wording of a pair that a person
tagged `test` is held back in any case.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy

from pipeline.curate.key_numbers import Numbers, mixed, together
from pipeline.publish.outline import Flags, Integers, Outline
from store import export_rows
from store.relation_types import Relation

FEWEST_WORDINGS = 3
"""A fact with fewer wordings is trained whole."""
FEWEST_FACTS = 10
"""A dataset with fewer facts is trained whole."""
TRAIN, TEST, FACTS = 0, 1, 2
TEST_TAG = export_rows.TEST_TAG
Links = Sequence[tuple[Relation, tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class Shares:
    """How much is held back, and the seed that decides which."""

    wordings: float
    """Of each fact's wordings, and of general pairs."""
    facts: float
    """Of each domain dataset's facts."""
    seed: int
    keeps_paraphrases: bool = True
    """Whether paraphrases of a fact stay on one side too."""


def assign(outlines: Sequence[Outline], links: Links, shares: Shares) -> list[Integers]:
    """Return TRAIN, TEST (unseen wordings) or FACTS (unseen facts) of every pair, a dataset each.

    General pairs give up their share whatever they answer; where a wording stands among both, it
    follows the facts.
    """
    pairs = _pairs(outlines)
    if not len(pairs.ids):
        return [numpy.zeros(0, dtype=numpy.int64) for _ in outlines]
    asked = _grouped(pairs.questions)
    same = [ids for relation, ids in links if relation == "duplicate"]
    reworded = [ids for relation, ids in links if relation == "paraphrase"]
    paraphrased = _joined(pairs, asked, same + reworded)
    facts = _facts(pairs, paraphrased)
    if shares.keeps_paraphrases:
        wordings = paraphrased
    else:
        general = set(pairs.ids[pairs.is_general].tolist()) if reworded else set()
        wordings = _joined(
            pairs, asked, same + [ids for ids in reworded if not general.isdisjoint(ids)]
        )
    ranks = _ranks(wordings, pairs.questions, shares.seed)
    sides = numpy.zeros(len(ranks), dtype=numpy.int64)
    _hold_facts(sides, pairs, wordings, facts, shares)
    _hold_general(sides, wordings, pairs, ranks, shares.wordings)
    _hold_wordings(sides, wordings, pairs, ranks, shares.wordings)
    tagged = wordings[pairs.is_test]
    sides[tagged] = numpy.maximum(sides[tagged], TEST)
    of_pairs = sides[wordings]
    ends = numpy.cumsum([len(outline) for outline in outlines])[:-1]
    return list(numpy.split(of_pairs, ends))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The pairs of all datasets, one after the other."""

    ids: Integers
    questions: Numbers
    answers: Numbers
    """Of the answer and where it counts as the same: what makes a fact."""
    datasets: Integers
    """Which outline each comes from."""
    is_general: Flags
    is_domain: Flags
    is_test: Flags


def _pairs(outlines: Sequence[Outline]) -> _Pairs:
    places = numpy.repeat(numpy.arange(len(outlines)), [len(outline) for outline in outlines])
    # The name and not the id: the same data in another workspace is split alike.
    homes = ["" if each.dataset.role == "domain" else each.dataset.name for each in outlines]
    names = numpy.array([_number(home) for home in homes], dtype=numpy.uint64)
    roles = numpy.array([each.dataset.role for each in outlines])
    answers = numpy.concatenate([each.answers for each in outlines])
    return _Pairs(
        ids=numpy.concatenate([each.ids for each in outlines]),
        questions=numpy.concatenate([each.questions for each in outlines]),
        answers=together(names[places], answers),
        datasets=places,
        is_general=(roles == "general")[places],
        is_domain=(roles == "domain")[places],
        is_test=numpy.concatenate([each.is_test for each in outlines]),
    )


def _joined(pairs: _Pairs, groups: Integers, clusters: list[tuple[int, ...]]) -> Integers:
    """Return the groups with those joined that a cluster ties, numbered from 0 again."""
    if not clusters:
        return groups
    order = numpy.argsort(pairs.ids, kind="stable")
    flat = numpy.array([pair_id for ids in clusters for pair_id in ids], dtype=numpy.int64)
    places = numpy.searchsorted(pairs.ids, flat, sorter=order)
    places = numpy.minimum(places, len(order) - 1)
    found = order[places]
    is_here = pairs.ids[found] == flat
    joined, at = _Joined(), 0
    for ids in clusters:
        here = [int(groups[found[n]]) for n in range(at, at + len(ids)) if is_here[n]]
        at += len(ids)
        for other in here[1:]:
            joined.join(here[0], other)
    return joined.applied(groups)


def _facts(pairs: _Pairs, wordings: Integers) -> Integers:
    """Return the fact of each pair, numbered from 0: joined by answers and by what is close."""
    answers = _grouped(pairs.answers)
    rows = numpy.flatnonzero(numpy.bincount(wordings)[wordings] > 1)
    rows = rows[numpy.lexsort((answers[rows], wordings[rows]))]
    same_wording = wordings[rows][1:] == wordings[rows][:-1]
    other_answer = answers[rows][1:] != answers[rows][:-1]
    joined = _Joined()
    for n in numpy.flatnonzero(same_wording & other_answer):
        joined.join(int(answers[rows[n]]), int(answers[rows[n + 1]]))
    return joined.applied(answers)


def _grouped(values: Numbers) -> Integers:
    """Return which group of equal values each belongs to, numbered by rising value."""
    order = numpy.argsort(values)
    ordered = values[order]
    is_first = numpy.concatenate(([False], ordered[1:] != ordered[:-1]))
    groups = numpy.empty(len(values), dtype=numpy.int64)
    groups[order] = numpy.cumsum(is_first)
    return groups


def _hold_facts(
    sides: Integers, pairs: _Pairs, wordings: Integers, facts: Integers, shares: Shares
) -> None:
    """Hold whole facts back: of each domain dataset its share, those of lowest rank."""
    if not shares.facts:
        return
    # With a salt: else the facts held back would be those whose wordings are held back anyway.
    ranks = _ranks(facts, pairs.questions, shares.seed + 1)
    is_whole = numpy.ones(len(ranks), dtype=numpy.bool_)
    is_whole[facts[~pairs.is_domain]] = False
    homes = numpy.full(len(ranks), len(pairs.datasets), dtype=numpy.int64)
    numpy.minimum.at(homes, facts, pairs.datasets)
    for home in numpy.unique(homes[is_whole]):
        mine = numpy.flatnonzero(is_whole & (homes == home))
        if len(mine) < FEWEST_FACTS:
            continue
        chosen = mine[numpy.argsort(ranks[mine], kind="stable")][: round(shares.facts * len(mine))]
        sides[wordings[numpy.isin(facts, chosen)]] = FACTS


def _hold_general(
    sides: Integers, wordings: Integers, pairs: _Pairs, ranks: Numbers, share: float
) -> None:
    is_fact = numpy.zeros(len(ranks), dtype=numpy.bool_)
    is_fact[wordings[~pairs.is_general]] = True
    others = numpy.flatnonzero(~is_fact)
    chosen = others[numpy.argsort(ranks[others], kind="stable")][: round(share * len(others))]
    sides[chosen] = TEST


def _hold_wordings(
    sides: Integers, wordings: Integers, pairs: _Pairs, ranks: Numbers, share: float
) -> None:
    """Hold back of each fact that is trained its share of wordings, those of lowest rank.

    A wording with two answers (an undecided conflict) goes only where both stay trained.
    """
    if not share:
        return
    # Answers of general pairs make no fact.
    is_meant = numpy.flatnonzero(~pairs.is_general & (sides[wordings] == TRAIN))
    if not len(is_meant):
        return
    of_answer, of_wording = _grouped(pairs.answers[is_meant]), wordings[is_meant]
    # The lowest rank first in each answer; the same wording twice stands together.
    room = numpy.uint64(64 - int(of_answer.max()).bit_length())
    places = of_answer.astype(numpy.uint64) << room | ranks[of_wording] >> (numpy.uint64(64) - room)
    order = numpy.argsort(places, kind="stable")
    of_answer, of_wording = of_answer[order], of_wording[order]
    is_again = (of_answer[1:] == of_answer[:-1]) & (of_wording[1:] == of_wording[:-1])
    is_new = numpy.concatenate(([True], ~is_again))
    of_answer, of_wording = of_answer[is_new], of_wording[is_new]
    counts = numpy.bincount(of_answer)
    wanted = numpy.maximum(1, numpy.rint(share * counts).astype(numpy.int64))
    wanted[counts < FEWEST_WORDINGS] = 0
    is_shared = numpy.bincount(of_wording, minlength=len(ranks)) > 1
    # Answers that share a wording with another one need care; the others are apart.
    needs_care = numpy.zeros(len(counts), dtype=numpy.bool_)
    needs_care[of_answer[is_shared[of_wording]]] = True
    nth = numpy.arange(len(of_answer)) - (numpy.cumsum(counts) - counts)[of_answer]
    sides[of_wording[~needs_care[of_answer] & (nth < wanted[of_answer])]] = TEST
    rest = needs_care[of_answer]
    sides[list(_carefully(of_answer[rest], of_wording[rest], wanted))] = TEST


def _carefully(of_answer: Integers, of_wording: Integers, wanted: Integers) -> set[int]:
    """Choose the wordings given up where some have two answers; both must stay trained.

    The answers are numbered by their keys, so their order is that of texts and not of ids.
    """
    asked: dict[int, list[int]] = {}
    answered: dict[int, list[int]] = {}
    for answer, wording in zip(of_answer.tolist(), of_wording.tolist(), strict=True):
        asked.setdefault(answer, []).append(wording)
        answered.setdefault(wording, []).append(answer)
    left = {answer: len(wordings) for answer, wordings in asked.items()}
    held: set[int] = set()
    for answer in sorted(asked):
        for wording in asked[answer]:
            if len(held.intersection(asked[answer])) >= wanted[answer]:
                break
            if wording not in held and all(left[each] > 1 for each in answered[wording]):
                held.add(wording)
                for each in answered[wording]:
                    left[each] -= 1
    return held


def _ranks(groups: Integers, questions: Numbers, seed: int) -> Numbers:
    """Return the lowest number of each group's questions under the seed."""
    ranks = numpy.full(int(groups.max()) + 1, numpy.iinfo(numpy.uint64).max, dtype=numpy.uint64)
    salt = numpy.full(len(questions), _number(str(seed)), dtype=numpy.uint64)
    numpy.minimum.at(ranks, groups, mixed(together(salt, questions)))
    return ranks


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


class _Joined:
    """Disjoint sets of group numbers."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, group: int) -> int:
        """Return the number that stands for the whole set."""
        while self._parent.setdefault(group, group) != group:
            self._parent[group] = group = self._parent[self._parent[group]]
        return group

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low

    def applied(self, groups: Integers) -> Integers:
        """Return the groups with joined ones made one, numbered from 0 again."""
        if not self._parent:
            return groups
        roots = numpy.arange(int(groups.max()) + 1)
        for group in list(self._parent):
            roots[group] = self.root(group)
        _, numbered = numpy.unique(roots[groups], return_inverse=True)
        return cast("Integers", numbered)
