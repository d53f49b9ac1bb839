"""Which pairs a PairFilter means, as the condition of a query over `pairs`.

All but its text: what holds a text, `store.search` finds.
"""

from store.types import Between, PairFilter

_IN_OPEN_CLUSTER = """id IN (
    SELECT m.pair_id FROM cluster_pairs m JOIN clusters c ON c.id = m.cluster_id
    WHERE c.verdict IS NULL AND list_contains(?::VARCHAR[], c.relation))"""
_EDITED = """id {not_}IN (
    SELECT c.pair_id FROM changes c JOIN actions a ON a.id = c.action_id
    WHERE a.kind IN ('edit', 'fix') AND a.undone_by IS NULL)"""

Terms = list[tuple[str, list[object]]]


def where(matching: PairFilter) -> tuple[str, list[object]]:
    """Return the WHERE clause for all of a filter but its text ("" for none) and its values."""
    terms = [*_of_the_pair(matching), *_of_elsewhere(matching)]
    for column, between in (
        ("question", matching.question_length),
        ("answer", matching.answer_length),
    ):
        terms += _between(f"length({column})", between)
    clause = " AND ".join(term for term, _ in terms)
    return (f"WHERE {clause}" if clause else ""), [v for _, given in terms for v in given]


def _of_the_pair(matching: PairFilter) -> Terms:
    """What the narrow columns of a pair tell."""
    terms: Terms = []
    if matching.dataset_id is not None:
        terms.append(("dataset_id = ?", [matching.dataset_id]))
    for column, chosen in (("status", matching.statuses), ("language", matching.languages)):
        if chosen:
            terms.append((f"list_contains(?::VARCHAR[], {column})", [list(chosen)]))
    for column, chosen in (("tags", matching.tags), ("flags", matching.flags)):
        if chosen:
            terms.append((f"list_has_any({column}, ?::VARCHAR[])", [list(chosen)]))
    if matching.has_note is not None:
        terms.append((f"note {'<>' if matching.has_note else '='} ''", []))
    if matching.source_file:
        terms.append(("source_file = ?", [matching.source_file]))
    return terms


def _of_elsewhere(matching: PairFilter) -> Terms:
    """What other tables tell of a pair."""
    terms: Terms = []
    if matching.relations:
        terms.append((_IN_OPEN_CLUSTER, [list(matching.relations)]))
    if matching.is_edited is not None:
        terms.append((_EDITED.format(not_="" if matching.is_edited else "NOT "), []))
    return terms


def _between(expression: str, between: Between) -> Terms:
    terms: Terms = []
    if between.least is not None:
        terms.append((f"{expression} >= ?", [between.least]))
    if between.most is not None:
        terms.append((f"{expression} <= ?", [between.most]))
    return terms
