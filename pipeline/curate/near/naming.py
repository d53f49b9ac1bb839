"""From what differs to a relation: the rules, one place, in the words of the design.

Questions that differ in a number, a unit, a date, a negation or a name are look-alikes, however
close. Otherwise the answers decide: the same answer makes a duplicate or another wording, another
answer a contradiction where the question is the same, and a look-alike where it is not.
"""

from numba import njit, uint64

from pipeline.curate.near.differences import (
    ADDED,
    CLOSE,
    CONTENT,
    DATE_CHANGED,
    EDITS,
    MOVES,
    NAME_CHANGED,
    NEGATION_CHANGED,
    NUMBER_CHANGED,
    REPLACED,
    SCORE,
    SMALL,
    UNIT_CHANGED,
)

DUPLICATE, PARAPHRASE, CONFLICT, LOOKALIKE, UNRELATED = 0, 1, 2, 3, -1
SAME, EDITED, REWORDED, NUMBER, UNIT, DATE, NAME, NEGATION, ANSWER = range(9)
ANSWERS_ALIKE = 0.5
"""Answers that agree in numbers, units, dates, negations and names are the same from here on ..."""
CHANGED_CONTENT = 0.3
"""... unless more than this share of their words with a meaning has no partner."""
SWAPPED_CONTENT = 0.1
"""Where nothing else differs, from so large a share on a replaced word is another answer."""
SHARED_BY_CHANCE = 8
"""An answer that more pairs have says little about what was asked."""


@njit(cache=True, nogil=True)
def hard_change(facts):
    """Return the reason why two texts say different things however close they are, or -1."""
    if facts[NUMBER_CHANGED]:
        return NUMBER
    if facts[UNIT_CHANGED]:
        return UNIT
    if facts[DATE_CHANGED]:
        return DATE
    if facts[NEGATION_CHANGED]:
        return NEGATION
    return NAME if facts[NAME_CHANGED] else -1


@njit(cache=True, nogil=True)
def are_other_numbers(one, other):
    """Say whether two texts have as many numbers in digits, but others (see `Read`)."""
    return one != other and (one & uint64(0xFF)) == (other & uint64(0xFF))


@njit(cache=True, nogil=True)
def _is_only_edited(facts):
    return facts[REPLACED] == 0 and facts[ADDED] == 0


@njit(cache=True, nogil=True)
def _says_same(answer):
    """Say whether two answers state the same."""
    if hard_change(answer) >= 0 or answer[SCORE] < ANSWERS_ALIKE:
        return False
    return answer[CONTENT] <= CHANGED_CONTENT


@njit(cache=True, nogil=True)
def _is_pure_swap(facts):
    """Say whether words are replaced and nothing else differs: another value in the same mould."""
    return facts[REPLACED] > 0 and not (facts[ADDED] or facts[SMALL] or facts[MOVES])


@njit(cache=True, nogil=True)
def same_question(answer, is_same_answer):
    """Name two pairs that ask the same."""
    if is_same_answer:
        return DUPLICATE, SAME
    is_swap = _is_pure_swap(answer) and answer[CONTENT] >= SWAPPED_CONTENT
    if is_swap or not _says_same(answer):
        return CONFLICT, ANSWER
    if _is_only_edited(answer) and not answer[MOVES] and not answer[CLOSE]:
        return DUPLICATE, EDITED
    return PARAPHRASE, REWORDED


@njit(cache=True, nogil=True)
def relation(question, answer, is_same_answer, is_replaced, holders):
    """Return (relation, reason) of two pairs whose questions differ, but in nothing hard.

    `holders` is how many pairs have the first one's answer, where the answers are the same.
    """
    is_one_change = question[REPLACED] == 1 and _is_pure_swap(question)
    if _is_only_edited(question):
        is_unsure = question[MOVES] or question[CLOSE]
        if is_unsure and not is_same_answer and not _says_same(answer):
            return LOOKALIKE, NAME
        named, reason = same_question(answer, is_same_answer)
        if named == DUPLICATE and question[MOVES]:
            return PARAPHRASE, REWORDED  # Words in another order may say another thing.
        return named, EDITED if reason == SAME else reason
    if is_same_answer:
        if is_one_change and holders > SHARED_BY_CHANCE:
            return LOOKALIKE, NAME
        return PARAPHRASE, REWORDED
    if is_replaced or not _says_same(answer):
        return LOOKALIKE, NAME
    if is_one_change and answer[REPLACED] and not question[EDITS]:
        return LOOKALIKE, NAME
    return PARAPHRASE, REWORDED
