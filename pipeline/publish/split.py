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

from dataclasses import dataclass

import numpy

from pipeline.curate.key_numbers import Numbers, mixed, together
from pipeline.publish.outline import Integers
from pipeline.publish.pool import Pool, grouped, number_of
from store import export_rows

FEWEST_WORDINGS = 3
"""A fact with fewer wordings is trained whole."""
FEWEST_FACTS = 10
"""A dataset with fewer facts is trained whole."""
TRAIN, TEST, FACTS = 0, 1, 2
TEST_TAG = export_rows.TEST_TAG


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


def assign(pool: Pool, shares: Shares) -> list[Integers]:
    """Return TRAIN, TEST (unseen wordings) or FACTS (unseen facts) of every pair, a dataset each.

    General pairs give up their share whatever they answer; where a wording stands among both, it
    follows the facts.
    """
    if not len(pool):
        return [numpy.zeros(0, dtype=numpy.int64) for _ in pool.sizes]
    wordings = pool.wordings if shares.keeps_paraphrases else pool.narrow_wordings
    ranks = _ranks(wordings, pool.questions, shares.seed)
    sides = numpy.zeros(len(ranks), dtype=numpy.int64)
    _hold_facts(sides, pool, wordings, shares)
    _hold_general(sides, pool, wordings, ranks, shares.wordings)
    _hold_wordings(sides, pool, wordings, ranks, shares.wordings)
    tagged = wordings[pool.is_test]
    sides[tagged] = numpy.maximum(sides[tagged], TEST)
    return list(numpy.split(sides[wordings], numpy.cumsum(pool.sizes)[:-1]))


def _hold_facts(sides: Integers, pool: Pool, wordings: Integers, shares: Shares) -> None:
    """Hold whole facts back: of each domain dataset its share, those of lowest rank."""
    if not shares.facts:
        return
    # With a salt: else the facts held back would be those whose wordings are held back anyway.
    ranks = _ranks(pool.facts, pool.questions, shares.seed + 1)
    is_whole = numpy.ones(len(ranks), dtype=numpy.bool_)
    is_whole[pool.facts[~pool.is_domain]] = False
    homes = numpy.full(len(ranks), len(pool.datasets), dtype=numpy.int64)
    numpy.minimum.at(homes, pool.facts, pool.datasets)
    for home in numpy.unique(homes[is_whole]):
        mine = numpy.flatnonzero(is_whole & (homes == home))
        if len(mine) < FEWEST_FACTS:
            continue
        chosen = mine[numpy.argsort(ranks[mine], kind="stable")][: round(shares.facts * len(mine))]
        sides[wordings[numpy.isin(pool.facts, chosen)]] = FACTS


def _hold_general(
    sides: Integers, pool: Pool, wordings: Integers, ranks: Numbers, share: float
) -> None:
    is_fact = numpy.zeros(len(ranks), dtype=numpy.bool_)
    is_fact[wordings[~pool.is_general]] = True
    others = numpy.flatnonzero(~is_fact)
    chosen = others[numpy.argsort(ranks[others], kind="stable")][: round(share * len(others))]
    sides[chosen] = TEST


def _hold_wordings(
    sides: Integers, pool: Pool, wordings: Integers, ranks: Numbers, share: float
) -> None:
    """Hold back of each fact that is trained its share of wordings, those of lowest rank.

    A wording with two answers (an undecided conflict) goes only where both stay trained.
    """
    if not share:
        return
    # Answers of general pairs make no fact.
    is_meant = numpy.flatnonzero(~pool.is_general & (sides[wordings] == TRAIN))
    if not len(is_meant):
        return
    of_answer, of_wording = grouped(pool.answers[is_meant]), wordings[is_meant]
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
    salt = numpy.full(len(questions), number_of(str(seed)), dtype=numpy.uint64)
    numpy.minimum.at(ranks, groups, mixed(together(salt, questions)))
    return ranks
