"""How alike two questions are, and what kind of alike: the same, reworded, or only look-alikes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import ceil

from rapidfuzz.distance import Indel

from pipeline.curate.normalise import numbers_of, tokens
from store.types import Relation

ANSWERS_ALIKE = 0.85
"""Answers this similar, with the same numbers and negations, count as the same."""
_FEWEST_TOKENS = 3
_SURROGATES, _MOST_CODES = 0xD800, 0x10FFFF - 2048
_MOST_HOLDERS = 200
"""A word that more questions than this share says nothing about which are alike."""

NEGATIONS = frozenset(
    (
        *("not", "no", "never", "none", "without", "cannot", "nor", "neither", "t", "isn", "don"),
        *("doesn", "won", "didn", "aren", "wasn", "weren", "shouldn", "couldn"),
        *"不没非无未勿别莫",
    )
)
# Words that may come and go without changing what is asked.
_FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "the", "is", "are", "was", "were", "do", "does", "did", "s", "what", "please"),
        *("can", "could", "you", "me", "tell", "of", "in", "at", "to", "it", "that", "which"),
        *("there", "now", "exactly", "actually", "so", "and", "just", "your", "my", "i", "for"),
        *("on", "by", *"的了吗呢吧啊呀嘛请问是有在里个么就都也还这那把被和与及一"),
    )
)


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return 1 minus the normalised insert-and-delete distance of two word sequences, 0 to 1."""
    return float(Indel.normalized_similarity(one, other))


def close_pairs(
    texts: Sequence[tuple[str, ...]], threshold: float
) -> Iterator[tuple[int, int, float]]:
    """Yield (i, j, similarity) with i < j for the texts at or above the threshold.

    Prefix filtering (Chaudhuri et al., "A primitive operator for similarity joins", 2006): two
    texts can only be so alike if they share one of their rarest words. Words that very many texts
    share are passed over, so of a large family from one mould some links are not found. Texts of
    fewer than three words match nothing.
    """
    # A word that occurs twice counts as two, so that the filter is exact for repeated words.
    numbered = [_numbered(text) for text in texts]
    counted = Counter(word for text in numbered for word in text)
    coded = _coded(texts)
    least_overlap = threshold / (2 - threshold)
    holders: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index in sorted(range(len(texts)), key=lambda i: (len(texts[i]), i)):
        size = len(texts[index])
        if size < _FEWEST_TOKENS:
            continue
        rarest = sorted(numbered[index], key=lambda word: (counted[word], word))
        prefix = [
            word
            for word in rarest[: size - ceil(least_overlap * size) + 1]
            if counted[word] <= _MOST_HOLDERS
        ]
        for other in {other for word in prefix for other in holders[word]}:
            if len(texts[other]) < least_overlap * size:
                continue
            score = Indel.normalized_similarity(coded[index], coded[other], score_cutoff=threshold)
            if score >= threshold:
                yield min(index, other), max(index, other), score
        for word in prefix:
            holders[word].append(index)


def _coded(texts: Sequence[tuple[str, ...]]) -> list[str] | list[tuple[str, ...]]:
    """Write each word as one character, which is compared ten times faster than a word.

    Beyond the million characters that there are, the words themselves are given back.
    """
    words = dict.fromkeys(word for text in texts for word in text)
    if len(words) > _MOST_CODES:
        return list(texts)
    code = {word: chr(n if n < _SURROGATES else n + 2048) for n, word in enumerate(words)}
    return ["".join(code[word] for word in text) for text in texts]


def _numbered(words: tuple[str, ...]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    result = []
    for word in words:
        result.append((word, seen[word]))
        seen[word] += 1
    return result


def relation_of(
    questions: tuple[str, str], answers: tuple[str, str], *, is_same_answer: bool
) -> Relation:
    """Name the relation of two pairs whose questions overlap much but are not the same.

    Numbers and negations always tell questions apart. Another content word tells them apart when
    the answers differ; with the same answer it is another wording.
    """
    one, other = (Counter(tokens(question)) for question in questions)
    changed = set((one - other) + (other - one))
    is_number_changed = numbers_of(questions[0]) != numbers_of(questions[1])
    if is_number_changed or changed & NEGATIONS:
        return "lookalike"
    if is_same_answer or _answers_alike(*answers):
        return "paraphrase"
    return "lookalike" if changed - _FUNCTION_WORDS else "conflict"


def _answers_alike(one: str, other: str) -> bool:
    if numbers_of(one) != numbers_of(other):
        return False
    first, second = Counter(tokens(one)), Counter(tokens(other))
    if set((first - second) + (second - first)) & NEGATIONS:
        return False
    return similarity(tokens(one), tokens(other)) >= ANSWERS_ALIKE
