"""From rows to links: exact groups first, then the close ones among what is left."""

from dataclasses import dataclass

import numpy as np
import pyarrow
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.key_numbers import together
from pipeline.curate.links import Links
from pipeline.curate.near import Progress
from pipeline.curate.near.alignment import new_scratch
from pipeline.curate.near.candidates import close_rows, keep_only, same_questions
from pipeline.curate.near.differences import (
    FACTS,
    NUMBER_CHANGED,
    SCORE,
    compare,
    is_replaced_in_both,
)
from pipeline.curate.near.lexicon import lexicon
from pipeline.curate.near.naming import (
    DUPLICATE,
    LOOKALIKE,
    PARAPHRASE,
    SAME,
    SHARED_BY_CHANCE,
    UNRELATED,
    are_other_numbers,
    hard_change,
    relation,
    same_question,
)
from pipeline.curate.near.reading import fold_text
from pipeline.curate.near.rows import (
    ANSWER,
    CONTEXT,
    QUESTION,
    Keys,
    Read,
    read_keys,
    read_rows,
    tables,
)
from pipeline.curate.near.words import new_words, split_words

SHARED_QUESTION, SHARED_ANSWER = 0.3, 0.4
"""Of the fewer samples of two texts, the share that both must have to be compared."""
_CHUNK = 50_000
_READ_SHARE, _JOIN_SHARE = 0.35, 0.55


@dataclass(frozen=True, slots=True)
class _Candidates:
    pairs: NDArray[np.uint64]
    """The smaller row in the upper 32 bits; rising."""
    by_answer: NDArray[np.bool_]


def exact_links(keys: Keys) -> Links:
    """Link each row with the first one of the same question, answer and setting."""
    pairs = same_questions(together(together(keys.questions, keys.answers), keys.settings))
    return _links(
        pairs,
        np.full(len(pairs), DUPLICATE, np.int8),
        np.ones((2, len(pairs)), np.float32),
        np.full(len(pairs), SAME, np.int8),
    )


def find(rows: pyarrow.Table, floor: float, progress: Progress) -> Links:
    """Return the links between rows; see `pipeline.curate.near.find_links`."""
    keys = read_keys(rows)
    exact = exact_links(keys)
    read = read_rows(rows, lambda share: progress(share * _READ_SHARE))
    is_first = np.ones(rows.num_rows, np.bool_)
    is_first[exact.other] = False
    candidates = _candidates(
        read,
        keys,
        is_first,
        lambda share: progress(_READ_SHARE + share * (_JOIN_SHARE - _READ_SHARE)),
    )
    near = _verified(
        read,
        keys,
        candidates,
        lambda share: progress(_JOIN_SHARE + share * (1 - _JOIN_SHARE)),
        floor=floor,
    )
    return _sorted(exact, near)


def _candidates(
    read: Read, keys: Keys, is_first: NDArray[np.bool_], progress: Progress
) -> _Candidates:
    """Bring together the rows whose questions or answers share samples, or whose question is one.

    What was read as samples is used up.
    """
    count = len(is_first)
    found = []
    for half, samples in enumerate((read.question_samples, read.answer_samples)):
        kept = samples[: keep_only(samples, is_first)]
        shared = (SHARED_QUESTION, SHARED_ANSWER)[half]
        found.append(close_rows(kept, count, shared))
        progress((half + 1) / 2)
    same = same_questions(np.where(is_first, keys.questions, _unique_keys(count)))
    pairs = np.unique(np.concatenate([*found, same]))
    one, other = _rows_of(pairs)
    pairs = pairs[keys.settings[one] == keys.settings[other]]
    place = np.searchsorted(found[1], pairs)
    by_answer = np.zeros(len(pairs), np.bool_)
    inside = place < len(found[1])
    by_answer[inside] = found[1][place[inside]] == pairs[inside]
    return _Candidates(pairs, by_answer)


def _unique_keys(count: int) -> NDArray[np.uint64]:
    return np.arange(count, dtype=np.uint64)


def _rows_of(pairs: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(
        np.int64
    )


def _holders(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return how many rows have the answer that a row has."""
    _, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[places], np.int32)


def _verified(
    read: Read, keys: Keys, candidates: _Candidates, progress: Progress, *, floor: float
) -> Links:
    pairs = candidates.pairs
    kinds = np.full(len(pairs), UNRELATED, np.int8)
    reasons = np.zeros(len(pairs), np.int8)
    scores = np.zeros((2, len(pairs)), np.float32)
    holders = _holders(keys.answers)
    scratch = _Sides()
    for start in range(0, len(pairs), _CHUNK):
        part = slice(start, start + _CHUNK)
        _verify(
            (read.columns, tables(), lexicon(), read.word_counts),
            (pairs[part], candidates.by_answer[part]),
            (keys.questions, keys.answers, read.answer_numbers, holders),
            scratch.of(read.scratch),
            np.float32(floor),
            (kinds[part], reasons[part], scores[:, part]),
        )
        progress(min(1.0, (start + _CHUNK) / len(pairs)))
    kept = kinds != UNRELATED
    return _links(pairs[kept], kinds[kept], scores[:, kept], reasons[kept])


class _Sides:
    """The scratch of the verification, made once it is known how long texts are."""

    def __init__(self) -> None:
        self._made: tuple[object, ...] | None = None

    def of(self, size: int) -> tuple[object, ...]:
        """Return two questions, two answers, which were upper case, and room to align them."""
        if self._made is None:
            sides = [(new_words(), np.empty(size, np.int32)) for _ in range(4)]
            self._made = (*sides, np.empty(size, np.uint8), new_scratch())
        return self._made


def _links(
    pairs: NDArray[np.uint64],
    kinds: NDArray[np.int8],
    scores: NDArray[np.float32],
    reasons: NDArray[np.int8],
) -> Links:
    one, other = _rows_of(pairs)
    return Links(one, other, kinds, scores[0].copy(), scores[1].copy(), reasons)


def _sorted(one: Links, other: Links) -> Links:
    together = Links(
        np.concatenate([one.one, other.one]),
        np.concatenate([one.other, other.other]),
        np.concatenate([one.relation, other.relation]),
        np.concatenate([one.score, other.score]),
        np.concatenate([one.answer_score, other.answer_score]),
        np.concatenate([one.reason, other.reason]),
    )
    return together.chosen(np.lexsort((together.other, together.one)))


@njit(cache=True, nogil=True)
def _load_question(columns, row, tables, lexicon, side, upper):
    """Take context and question of a row apart into words; return how many."""
    words, text = side
    count = 0
    if columns[CONTEXT].offsets[row] != columns[CONTEXT].offsets[row + 1]:
        count = fold_text(columns[CONTEXT], row, tables, text, upper)
        text[count], upper[count] = 10, 0
        count += 1
    more = fold_text(columns[QUESTION], row, tables, text[count:], upper[count:])
    return split_words(text, upper, count + more, tables.kinds, lexicon, words)


@njit(cache=True, nogil=True)
def _load_answer(columns, row, tables, lexicon, side, upper):
    words, text = side
    count = fold_text(columns[ANSWER], row, tables, text, upper)
    return split_words(text, upper, count, tables.kinds, lexicon, words)


@njit(cache=True, nogil=True)
def _answer_share(columns, row, match):
    """Return how much of two pairs' text are the answers, 0 to 1."""
    asked, answered = 0, 0
    for each in (row, match):
        for place in (QUESTION, CONTEXT):
            asked += columns[place].offsets[each + 1] - columns[place].offsets[each]
        answered += columns[ANSWER].offsets[each + 1] - columns[ANSWER].offsets[each]
    return np.float32(answered / max(1, asked + answered))


@njit(cache=True, nogil=True)
def _verify(known, candidates, keys, scratch, floor, results):
    """Compare each candidate and write its relation, reason and scores; UNRELATED where none."""
    columns, tables, lexicon, word_counts = known
    words = (lexicon, tables, word_counts)
    pairs, by_answer = candidates
    question_keys, answer_keys, numbers, holders = keys
    one, other, answer_one, answer_other, upper, room = scratch
    asked, answered = (*one, *other), (*answer_one, *answer_other)
    kinds, reasons, scores = results
    facts, answer_facts = np.zeros(FACTS, np.float32), np.zeros(FACTS, np.float32)
    loaded, loaded_answer, n_one, n_other, n_answer = -1, -1, 0, 0, 0
    for n in range(len(pairs)):
        row, match = np.int64(pairs[n] >> uint64(32)), np.int64(pairs[n] & uint64(0xFFFFFFFF))
        is_same_question = question_keys[row] == question_keys[match]
        is_same_answer = answer_keys[row] == answer_keys[match]
        facts[SCORE] = 1.0
        if not is_same_question:
            if loaded != row:
                n_one = _load_question(columns, row, tables, lexicon, one, upper)
                loaded = row
            n_other = _load_question(columns, match, tables, lexicon, other, upper)
            compare(asked, (n_one, n_other), words, room, facts)
            is_by_answer = by_answer[n] or (is_same_answer and holders[row] <= SHARED_BY_CHANCE)
            if facts[SCORE] < floor and not is_by_answer:
                continue
            hard = hard_change(facts)
            if hard >= 0:
                if facts[SCORE] >= floor:
                    kinds[n], reasons[n], scores[0, n] = LOOKALIKE, hard, facts[SCORE]
                    scores[1, n] = np.float32(is_same_answer)
                continue
        answer_facts[:] = 0
        answer_facts[SCORE], is_replaced = 1.0, False
        if not is_same_question and are_other_numbers(numbers[row], numbers[match]):
            answer_facts[SCORE], answer_facts[NUMBER_CHANGED] = 0, 1
        elif not is_same_answer:
            if loaded_answer != row:
                n_answer = _load_answer(columns, row, tables, lexicon, answer_one, upper)
                loaded_answer = row
            n_match = _load_answer(columns, match, tables, lexicon, answer_other, upper)
            compare(answered, (n_answer, n_match), words, room, answer_facts)
            is_replaced = not is_same_question and is_replaced_in_both(
                asked, (n_one, n_other), answered, (n_answer, n_match)
            )
        if is_same_question:
            kind, reason = same_question(answer_facts, is_same_answer)
        else:
            kind, reason = relation(facts, answer_facts, is_same_answer, is_replaced, holders[row])
        score = facts[SCORE]
        if kind in (DUPLICATE, PARAPHRASE):
            share = _answer_share(columns, row, match)
            score = max(score, score + share * (answer_facts[SCORE] - score))
        if score < floor:
            continue
        kinds[n], reasons[n] = kind, reason
        scores[0, n], scores[1, n] = score, answer_facts[SCORE]
