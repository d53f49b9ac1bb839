"""Which pairs Review shows, and in which order: the address of the page holds it, and only that.

So a link, a reload and the back button show the same list. It draws nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast, get_args

import streamlit as st

from store.relation_types import Relation
from store.types import Between, PairFilter, PairSort, SortKey, Status

TEXT, DATASET, STATUSES, ORDER = "q", "dataset", "status", "order"
TAGS, FLAGS, LANGUAGES, RELATIONS = "tag", "finding", "language", "cluster"
EDITED, NOTE, QUESTION, ANSWER, FILE = "edited", "note", "question", "answer", "file"
NAMES = (
    TEXT, DATASET, STATUSES, ORDER, TAGS, FLAGS, LANGUAGES, RELATIONS, EDITED, NOTE, QUESTION,
    ANSWER, FILE,
)  # fmt: skip
ALL, UNJUDGED = "all", "unknown"
"""In the address: every status; the language of what was not judged."""
DEFAULT_STATUSES: tuple[Status, ...] = ("unreviewed",)
ORDERS: tuple[PairSort, ...] = tuple(
    PairSort(by, is_descending) for by in get_args(SortKey) for is_descending in (False, True)
)
Address = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The list that a person asked for."""

    matching: PairFilter = field(default_factory=lambda: PairFilter(statuses=DEFAULT_STATUSES))
    order: PairSort = field(default_factory=PairSort)


def current(datasets: Mapping[str, int]) -> Asked:
    """Return the list that the address asks for; `datasets` gives the id of each name."""
    return from_address({name: st.query_params.get_all(name) for name in NAMES}, datasets)


def put(asked: Asked, datasets: Mapping[str, int]) -> None:
    """Write a list to the address."""
    wanted = to_address(asked, datasets)
    for name in NAMES:
        if values := list(wanted.get(name, ())):
            st.query_params[name] = values
        else:
            st.query_params.pop(name, None)


def from_address(address: Address, datasets: Mapping[str, int]) -> Asked:
    """Read a list from an address; what is not understood there does not restrict."""
    statuses = _allowed(address.get(STATUSES, ()), get_args(Status))
    is_default = not address.get(STATUSES)
    matching = PairFilter(
        dataset_id=datasets.get(_first(address, DATASET)),
        statuses=DEFAULT_STATUSES if is_default else cast("tuple[Status, ...]", statuses),
        text=_first(address, TEXT),
        tags=tuple(address.get(TAGS, ())),
        flags=tuple(address.get(FLAGS, ())),
        languages=tuple("" if v == UNJUDGED else v for v in address.get(LANGUAGES, ())),
        relations=cast(
            "tuple[Relation, ...]", _allowed(address.get(RELATIONS, ()), get_args(Relation))
        ),
        is_edited=_yes_or_no(_first(address, EDITED)),
        has_note=_yes_or_no(_first(address, NOTE)),
        question_length=_between(_first(address, QUESTION)),
        answer_length=_between(_first(address, ANSWER)),
        source_file=_first(address, FILE),
    )
    orders = {order_name(order): order for order in ORDERS}
    return Asked(matching, orders.get(_first(address, ORDER), PairSort()))


def to_address(asked: Asked, datasets: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return what the address of a list holds; what is as usual is left out."""
    matching = asked.matching
    names = {dataset_id: name for name, dataset_id in datasets.items()}
    statuses: tuple[str, ...] = matching.statuses or (ALL,)
    found: dict[str, tuple[str, ...]] = {
        TEXT: (matching.text,),
        DATASET: (names.get(matching.dataset_id or 0, ""),),
        STATUSES: () if matching.statuses == DEFAULT_STATUSES else statuses,
        ORDER: () if asked.order == PairSort() else (order_name(asked.order),),
        TAGS: matching.tags,
        FLAGS: matching.flags,
        LANGUAGES: tuple(language or UNJUDGED for language in matching.languages),
        RELATIONS: matching.relations,
        EDITED: (_word(matching.is_edited),),
        NOTE: (_word(matching.has_note),),
        QUESTION: (between_words(matching.question_length),),
        ANSWER: (between_words(matching.answer_length),),
        FILE: (matching.source_file,),
    }
    return {name: values for name, given in found.items() if (values := tuple(filter(None, given)))}


def order_name(order: PairSort) -> str:
    """Return the name of an order in the address and in the words of the page."""
    return f"{order.by}_{'down' if order.is_descending else 'up'}"


def between_words(between: Between) -> str:
    """Return a range as the address holds it: 20-300, 20-, -300, or nothing."""
    if between == Between():
        return ""
    least, most = ("" if end is None else str(end) for end in (between.least, between.most))
    return f"{least}-{most}"


def without(matching: PairFilter, name: str, value: str = "") -> PairFilter:
    """Return a filter without one of its fields, or without one value of a field of several."""
    given = getattr(matching, name)
    if isinstance(given, tuple) and value in given:
        return with_field(matching, name, tuple(v for v in given if v != value))
    return with_field(matching, name, getattr(PairFilter(), name))


def with_field(matching: PairFilter, name: str, value: object) -> PairFilter:
    """Return a filter with one of its fields set."""
    return replace(matching, **{name: value})  # type: ignore[arg-type]  # The name tells the type.


def _first(address: Address, name: str) -> str:
    return next(iter(address.get(name, ())), "")


def _allowed(given: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for value in given if value in allowed)


def _yes_or_no(word: str) -> bool | None:
    return {"yes": True, "no": False}.get(word)


def _word(fact: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[fact]


def _between(words: str) -> Between:
    least, separator, most = words.partition("-")
    if not separator or not all(end.isdecimal() or not end for end in (least, most)):
        return Between()
    return Between(int(least) if least else None, int(most) if most else None)
