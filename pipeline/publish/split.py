"""What is trained and what is held back: by hash, so that it never depends on order or chance.

Held back are *unseen wordings of trained facts*: a fact is what shares a normalised answer in one
dataset, and only a fact with three or more wordings gives one up. What is nearly one text (the
same question, a duplicate, a paraphrase cluster) is one wording and stays on one side.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from pipeline.curate.normalise import key
from pipeline.publish.manifest import Split
from store.types import Pair, Relation

FEWEST_WORDINGS = 3
_SAME_WORDING: tuple[Relation, ...] = ("duplicate", "paraphrase")
Answer = tuple[int, str]
"""A dataset's id and a normalised answer: what makes a fact."""
Links = Iterable[tuple[Relation, tuple[int, ...]]]


def assign(
    grouped: list[Pair], general: list[Pair], links: Links, *, test_share: float, seed: int
) -> dict[int, Split]:
    """Return the split of every pair, by id.

    `grouped` are the pairs of identity and domain datasets, split fact by fact; `general` those of
    general ones, of which about `test_share` is held back whatever they answer. A wording that
    stands among both follows the facts. The result depends on texts, links and seed alone.
    """
    everything = [*grouped, *general]
    if test_share == 0:
        return {pair.id: "train" for pair in everything}
    wordings = _wordings(everything, links)
    ranks = [_rank(wording, seed) for wording in wordings]
    facts = {pair.id for pair in grouped}
    is_fact = [any(pair.id in facts for pair in wording) for wording in wordings]
    others = sorted((n for n, fact in enumerate(is_fact) if not fact), key=lambda n: ranks[n])
    held = set(others[: round(test_share * len(others))])
    answers = {
        n: {(pair.dataset_id, key(pair.answer)) for pair in wording}
        for n, wording in enumerate(wordings)
        if is_fact[n]
    }
    held |= _held_of_facts(answers, ranks, test_share)
    return {
        pair.id: "test" if n in held else "train"
        for n, wording in enumerate(wordings)
        for pair in wording
    }


def _wordings(pairs: list[Pair], links: Links) -> list[list[Pair]]:
    """Join the pairs that may not be parted, wherever they stand."""
    joined = _Joined()
    asked: dict[str, int] = {}
    for pair in pairs:
        first = asked.setdefault(f"{key(pair.question)}\n{key(pair.context)}", pair.id)
        joined.join(first, pair.id)
    known = {pair.id for pair in pairs}
    for relation, ids in links:
        here = [pair_id for pair_id in ids if pair_id in known]
        if relation in _SAME_WORDING:
            for pair_id in here[1:]:
                joined.join(here[0], pair_id)
    members: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        members[joined.root(pair.id)].append(pair)
    return list(members.values())


def _held_of_facts(
    answers: dict[int, set[Answer]], ranks: list[float], test_share: float
) -> set[int]:
    """Choose the wordings that each fact gives up, those of lowest rank first.

    A wording with two answers (an undecided conflict) goes only where both stay trained.
    """
    of_answer: dict[Answer, list[int]] = defaultdict(list)
    for n in sorted(answers, key=lambda n: ranks[n]):
        for answer in answers[n]:
            of_answer[answer].append(n)
    left = {answer: len(numbers) for answer, numbers in of_answer.items()}
    held: set[int] = set()
    for answer in sorted(of_answer):
        numbers = of_answer[answer]
        wanted = max(1, round(test_share * len(numbers)))
        if len(numbers) < FEWEST_WORDINGS:
            continue
        for n in numbers:
            if len(held.intersection(numbers)) >= wanted:
                break
            if n not in held and all(left[each] > 1 for each in answers[n]):
                held.add(n)
                for each in answers[n]:
                    left[each] -= 1
    return held


def _rank(wording: list[Pair], seed: int) -> float:
    """Return a number from 0 to 1 that only the seed and the questions decide.

    The answer has no part in it: a corrected answer must not move a row from test to train.
    """
    text = min(f"{pair.question}\x1f{pair.context}" for pair in wording)
    digest = hashlib.sha256(f"{seed}\x1f{text}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


class _Joined:
    """Disjoint sets of pair ids."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, pair_id: int) -> int:
        """Return the id that stands for the whole set."""
        while self._parent.setdefault(pair_id, pair_id) != pair_id:
            self._parent[pair_id] = pair_id = self._parent[self._parent[pair_id]]
        return pair_id

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low
