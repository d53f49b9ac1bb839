"""Finds links between the rows of a table by their words.

The close pairs come from `similarity`; this module adds equal rows, relation and reason.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import orjson
import pyarrow
from rapidfuzz.distance import Indel

from pipeline.curate import similarity
from pipeline.curate.links import Links
from pipeline.curate.normalise import key, numbers_of, tokens
from store.types import Reason, Relation

Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1; what it raises ends the work."""
_Found = tuple[int, int, Relation, float, float, Reason]
_Asked = tuple[object, ...]
COLUMNS = ("question", "answer", "context", "system", "history")


def find_links(rows: pyarrow.Table, *, floor: float, progress: Progress = lambda _: None) -> Links:
    """Return the links between the rows whose questions are at least `floor` alike.

    Columns question, answer, context, system and history (JSON text).
    """
    columns = [rows.column(name).to_pylist() for name in COLUMNS]
    questions, answers, contexts, systems, histories = columns
    asked: list[_Asked] = [
        (key(q), key(c), key(s or ""), tuple((key(a), key(b)) for a, b in orjson.loads(h)))
        for q, c, s, h in zip(questions, contexts, systems, histories, strict=True)
    ]
    answered = [key(answer) for answer in answers]
    texts = [f"{c}\n{q}" if c else q for q, c in zip(questions, contexts, strict=True)]
    first: dict[tuple[_Asked, str], int] = {}
    found: list[_Found] = []
    for row, whole in enumerate(zip(asked, answered, strict=True)):
        if first.setdefault(whole, row) != row:
            found.append((first[whole], row, "duplicate", 1.0, 1.0, "same"))
    kept = sorted(first.values())
    found += _conflicts(kept, asked, answers)
    progress(0.1)
    words = [tokens(texts[row]) for row in kept]
    for i, j, score in similarity.close_pairs(words, floor):
        one, other = kept[i], kept[j]
        if asked[one] == asked[other] or asked[one][2:] != asked[other][2:]:
            continue  # A conflict that is known already, or another conversation.
        relation = similarity.relation_of(
            (texts[one], texts[other]),
            (answers[one], answers[other]),
            is_same_answer=answered[one] == answered[other],
        )
        alike = Indel.normalized_similarity(answers[one], answers[other])
        reason = _reason(relation, texts[one], texts[other])
        found.append((one, other, relation, score, alike, reason))
    progress(1.0)
    return Links.of(sorted(found))


def _conflicts(kept: list[int], asked: list[_Asked], answers: list[str]) -> Iterator[_Found]:
    same: dict[_Asked, list[int]] = defaultdict(list)
    for row in kept:
        same[asked[row]].append(row)
    for rows in same.values():
        for other in rows[1:]:
            alike = Indel.normalized_similarity(answers[rows[0]], answers[other])
            yield rows[0], other, "conflict", 1.0, alike, "answer"


def _reason(relation: Relation, one: str, other: str) -> Reason:
    if relation != "lookalike":
        return "answer" if relation == "conflict" else "reworded"
    if numbers_of(one) != numbers_of(other):
        return "number"
    first, second = Counter(tokens(one)), Counter(tokens(other))
    changed = set((first - second) + (second - first))
    return "negation" if changed & similarity.NEGATIONS else "name"
