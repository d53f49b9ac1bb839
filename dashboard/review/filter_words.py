"""A filter in words: what each of its restrictions is called, and how it is taken away."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.format import shortened
from dashboard.review.filtering import order_name, without
from dashboard.review.tagging import tag_words
from dashboard.text import has, plain
from store.types import Between, PairFilter, PairSort


@dataclass(frozen=True, slots=True)
class Restriction:
    """One thing that a filter asks for, in plain words, and the filter without it."""

    key: str
    words: str
    rest: PairFilter


def restrictions(matching: PairFilter, dataset: str) -> tuple[Restriction, ...]:
    """Return what a filter asks for beside the statuses; `dataset` is the name of its dataset."""
    found = []
    for field, value, words in (*_values(matching), *_facts(matching, dataset)):
        key = f"{field}_{value}" if value else field
        found.append(Restriction(key, words, without(matching, field, value)))
    return tuple(found)


def _values(matching: PairFilter) -> Iterator[tuple[str, str, str]]:
    """(field, value, words) of the fields that take several values."""
    for tag in matching.tags:
        yield "tags", tag, f"#{tag_words(tag)}"
    for flag in matching.flags:
        yield "flags", flag, finding_name(flag)
    for language in matching.languages:
        yield "languages", language, language_name(language)
    for relation in matching.relations:
        words = plain("review.in_cluster", relation=relation_name(relation))
        yield "relations", relation, words


def _facts(matching: PairFilter, dataset: str) -> Iterator[tuple[str, str, str]]:
    """(field, "", words) of the other fields."""
    if matching.text:
        yield "text", "", plain("review.has_text", text=shortened(matching.text, 30))
    if matching.dataset_id is not None:
        yield "dataset_id", "", dataset
    for field in ("is_edited", "has_note"):
        fact: bool | None = getattr(matching, field)
        if fact is not None:
            yield field, "", plain(f"review.{field}_{'yes' if fact else 'no'}")
    for field in ("question_length", "answer_length"):
        between: Between = getattr(matching, field)
        if between != Between():
            yield field, "", plain(f"review.has_{field}", between=_range(between))
    if matching.source_file:
        yield "source_file", "", matching.source_file


def _range(between: Between) -> str:
    if between.least is None:
        return f"≤ {between.most:,}"
    return f"≥ {between.least:,}" if between.most is None else f"{between.least:,}–{between.most:,}"


def in_words(matching: PairFilter, dataset: str) -> str:
    """Return all that a filter asks for as one plain line."""
    statuses = " / ".join(plain(f"shell.status_{status}") for status in matching.statuses)
    words = [restriction.words for restriction in restrictions(matching, dataset)]
    return " · ".join([statuses or plain("review.any_status"), *words])


def finding_name(code: str) -> str:
    """Return what a quality finding is called, its code where it has no words."""
    return plain(key) if has(key := f"finding.{code}") else code


def language_name(code: str) -> str:
    """Return what a language is called, its code where it has no words."""
    return plain(key) if has(key := f"review.language_{code or 'unknown'}") else code


def relation_name(relation: str) -> str:
    """Return what a relation is called."""
    return plain(f"shell.relation_{relation}")


def order_words(order: PairSort) -> str:
    """Return what an order is called."""
    return plain(f"review.order_{order_name(order)}")
