"""What differs between two texts: facts about the gaps that their alignment leaves."""

from numba import njit

from pipeline.curate.near.alignment import ALIGNED, EDITED, GONE, align, mark_moved
from pipeline.curate.near.gaps import (
    LONGEST_GAP,
    are_names,
    are_opposites,
    count_of,
    has_number,
    is_date_near,
    is_same_run,
    kinds_in,
    meaningful,
    only_word,
)
from pipeline.curate.near.lexicon import (
    CAPITAL,
    CHARACTER,
    DATE,
    DIGITS,
    FUNCTION,
    NEGATION,
    NUMBER,
    NUMERAL,
    UNIT,
)
from pipeline.curate.near.spelling import is_close, is_mistyped
from pipeline.curate.near.words import HASH, KIND, STATE

(
    SCORE, NUMBER_CHANGED, UNIT_CHANGED, DATE_CHANGED, NEGATION_CHANGED, NAME_CHANGED,
    REPLACED, ADDED, SMALL, EDITS, CLOSE, MOVES, CONTENT, FACTS,
) = range(14)  # fmt: skip
"""Places in the array of facts, FACTS long. REPLACED gaps have words with a meaning on both sides,
ADDED counts what one side has more, SMALL function words without partner, CLOSE words that may be
one word mistyped or two words (the rest of the pair decides), CONTENT is the share of words with a
meaning that have no partner."""
HARDLY_ALIKE = 0.35
"""Below this share of words with a partner it is not said what differs: nearly all does."""


@njit(cache=True, nogil=True)
def compare(texts, sizes, known, scratch, facts):
    """Align two texts and fill `facts` (float32, FACTS long) with what differs.

    `texts` is (words, folded characters) of both in a row, `sizes` how many words each has.
    `facts[SCORE]` is twice the words with a partner over all words, 0 to 1; a moved word counts
    nine tenths.
    """
    one, text, other, text_other = texts
    n_one, n_other = sizes
    facts[:] = 0
    if n_one == 0 or n_other == 0:
        return
    common = align(one, n_one, other, n_other, scratch)
    facts[MOVES] = mark_moved(one, n_one, other, n_other)
    if 2 * (common + facts[MOVES]) < HARDLY_ALIKE * (n_one + n_other):
        facts[SCORE] = 2 * (common + 0.9 * facts[MOVES]) / (n_one + n_other)
        facts[REPLACED], facts[CONTENT] = 1, 1
        return
    lexicon, tables, word_counts = known
    hashes, groups, names = lexicon.hashes, lexicon.groups, lexicon.names
    sounds, rows = tables.sounds, scratch.edits
    end, end_other = 0, 0
    while end < n_one or end_other < n_other:
        n, k = end, end_other
        while end < n_one and one[STATE, end] != ALIGNED:
            end += 1
        while end_other < n_other and other[STATE, end_other] != ALIGNED:
            end_other += 1
        if end > n or end_other > k:
            _spell(one, n, end, text, other, k, end_other, text_other, sounds, word_counts, rows,
                   facts)  # fmt: skip
            _mean(one, n, end, n_one, other, k, end_other, n_other, facts)
            _weigh(one, n, end, other, k, end_other, facts)
            if are_names(one, n, end, n_one, text, other, k, end_other, n_other, text_other, names):
                facts[NAME_CHANGED] += 1
            elif are_opposites(one, n, end, other, k, end_other, hashes, groups):
                facts[NEGATION_CHANGED] += 1
        end, end_other = end + 1, end_other + 1
    alike = common + facts[EDITS] + facts[CLOSE] + 0.9 * facts[MOVES]
    facts[SCORE] = min(1.0, 2 * alike / (n_one + n_other))
    facts[CONTENT] /= max(1, min(_content(one, n_one), _content(other, n_other)))


@njit(cache=True, nogil=True)
def _spell(one, n, end, text, other, k, end_other, text_other, sounds, word_counts, rows, facts):
    """Mark the words of a gap that are nearly each other, from left to right."""
    if end - n > LONGEST_GAP or end_other - k > LONGEST_GAP or end == n or end_other == k:
        return
    if is_same_run(one, n, end, text, other, k, end_other, text_other):
        one[STATE, n:end], other[STATE, k:end_other] = EDITED, EDITED
        facts[EDITS] += 1
        return
    first = k
    for place in range(n, end):
        if one[STATE, place] != GONE or one[KIND, place] & NUMBER:
            continue
        for partner in range(first, end_other):
            if other[STATE, partner] != GONE or other[KIND, partner] & NUMBER:
                continue
            if is_mistyped(one, place, text, other, partner, text_other, sounds, word_counts, rows):
                one[STATE, place], other[STATE, partner] = EDITED, EDITED
                facts[EDITS] += 1
                first = partner + 1
                break
    n, k = only_word(one, n, end), only_word(other, k, end_other)
    if n >= 0 and k >= 0 and is_close(one, n, text, other, k, text_other, rows):
        one[STATE, n], other[STATE, k] = EDITED, EDITED
        facts[CLOSE] += 1


@njit(cache=True, nogil=True)
def _mean(one, n, end, n_one, other, k, end_other, n_other, facts):
    """Note what of numbers, units, dates, negations and names in capitals differs in a gap."""
    kinds, kinds_other = kinds_in(one, n, end), kinds_in(other, k, end_other)
    either, both = kinds | kinds_other, kinds & kinds_other
    if either & (NUMBER | DIGITS | NUMERAL) and (
        has_number(one, n, end) or has_number(other, k, end_other)
    ):
        is_date = is_date_near(one, n, end, n_one) or is_date_near(other, k, end_other, n_other)
        facts[DATE_CHANGED if is_date else NUMBER_CHANGED] += 1
    follows_number = n > 0 and one[KIND, n - 1] & (NUMBER | NUMERAL)
    if follows_number and either & UNIT and not either & NUMBER:
        facts[UNIT_CHANGED] += 1
    elif both & DATE:
        facts[DATE_CHANGED] += 1
    if either & NEGATION:
        more = count_of(one, n, end, NEGATION) - count_of(other, k, end_other, NEGATION)
        facts[NEGATION_CHANGED] += abs(more)
    if both & CAPITAL:
        facts[NAME_CHANGED] += 1


@njit(cache=True, nogil=True)
def _weigh(one, n, end, other, k, end_other, facts):
    """Note how many words with and without a meaning a gap has on each side."""
    facts[SMALL] += count_of(one, n, end, FUNCTION) + count_of(other, k, end_other, FUNCTION)
    content, content_other = meaningful(one, n, end), meaningful(other, k, end_other)
    if content and content_other:
        facts[REPLACED] += 1
    facts[ADDED] += abs(content - content_other)
    facts[CONTENT] += max(content, content_other)


@njit(cache=True, nogil=True)
def is_replaced_in_both(asked, asked_sizes, answered, answered_sizes):
    """Say whether what one pair names in question and answer, the other names otherwise in both.

    The arguments are what `compare` was given last for the questions and for the answers. A word
    without partner in the question that is without one in the answer too is what the pair is
    about; the frame of a question changes with its wording, but not the answer with it.
    """
    one = _lost_in_both(asked[0], asked_sizes[0], answered[0], answered_sizes[0])
    return one and _lost_in_both(asked[2], asked_sizes[1], answered[2], answered_sizes[1])


@njit(cache=True, nogil=True)
def _lost_in_both(asked, n_asked, answered, n_answered):
    """Say whether a word, or two characters, lack a partner in question and answer."""
    found = 0
    for n in range(n_asked):
        if asked[STATE, n] != GONE or asked[KIND, n] & FUNCTION:
            continue
        for k in range(n_answered):
            if answered[HASH, k] == asked[HASH, n] and answered[STATE, k] == GONE:
                found += 1 if asked[KIND, n] & CHARACTER else 2
                break
    return found >= 2


@njit(cache=True, nogil=True)
def _content(side, count):
    """Return how many words of a whole text have a meaning."""
    found = 0
    for n in range(count):
        if not side[KIND, n] & FUNCTION:
            found += 1
    return found
