"""The filters of Review: search, dataset and order in a row, the rest on demand, chips below.

The address holds the filter; a widget shows what stands there and writes its change there.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.guard import reaction
from dashboard.parts.chips import RELATION, STATUS
from dashboard.review import reviewing
from dashboard.review.filter_words import (
    finding_name,
    language_name,
    order_words,
    relation_name,
    restrictions,
)
from dashboard.review.filtering import ORDERS, Asked, with_field
from dashboard.review.tagging import tag_words
from dashboard.text import literal, named, plain, t
from store.facets import Counted, facets
from store.types import Between, PairFilter, PairSort

T = TypeVar("T")
Datasets = dict[str, int]
Narrow = Callable[[PairFilter, T], PairFilter]


def filter_bar(asked: Asked, datasets: Datasets) -> DeltaGenerator:
    """Draw every filter and the order; a change goes to the address and starts the list over.

    Returns the row of the chips, for what is done with the list.
    """
    search, of_dataset, order, more = st.columns([4, 2.4, 2.4, 1.6], vertical_alignment="bottom")
    with search:
        _search(asked, datasets)
    with of_dataset:
        _dataset(asked, datasets)
    with order:
        _order(asked, datasets)
    with more:
        place = st.popover(
            t("review.more"),
            icon=":material/tune:",
            width="stretch",
            key="filter_more",
            on_change="rerun",
        )
        if place.open:
            with place:
                _more(asked, datasets)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        _statuses(asked, datasets)
        _chips(asked, datasets)
    return row


def _search(asked: Asked, datasets: Datasets) -> None:
    st.text_input(
        t("review.search"),
        type="search",
        placeholder=plain("review.search"),
        label_visibility="collapsed",
        live="400ms",
        key=_shows("filter_text", asked.matching.text),
        on_change=_narrowed,
        args=("filter_text", asked, datasets, lambda m, text: replace(m, text=text or "")),
    )


def _dataset(asked: Asked, datasets: Datasets) -> None:
    chosen = next((n for n, i in datasets.items() if i == asked.matching.dataset_id), None)
    st.selectbox(
        t("review.dataset"),
        list(datasets),
        index=None,
        placeholder=plain("review.all_datasets"),
        label_visibility="collapsed",
        key=_shows("filter_dataset", chosen),
        on_change=_narrowed,
        args=(
            "filter_dataset",
            asked,
            datasets,
            lambda m, name: replace(m, dataset_id=datasets.get(name or "")),
        ),
    )


def _order(asked: Asked, datasets: Datasets) -> None:
    words = {order: order_words(order) for order in ORDERS}
    st.selectbox(
        t("review.order"),
        list(ORDERS),
        format_func=words.__getitem__,
        label_visibility="collapsed",
        icon=":material/sort:",
        key=_shows("filter_order", asked.order),
        on_change=_ordered,
        args=(asked, datasets),
    )


def _statuses(asked: Asked, datasets: Datasets) -> None:
    st.pills(
        t("review.status"),
        list(STATUS),
        selection_mode="multi",
        format_func=named("shell.status", STATUS).__getitem__,
        label_visibility="collapsed",
        key=_shows("filter_statuses", list(asked.matching.statuses)),
        on_change=_narrowed,
        args=(
            "filter_statuses",
            asked,
            datasets,
            lambda m, chosen: replace(m, statuses=tuple(s for s in STATUS if s in chosen)),
        ),
    )


def _chips(asked: Asked, datasets: Datasets) -> None:
    """A button for each restriction that takes it away, and one for all of them."""
    names = {dataset_id: name for name, dataset_id in datasets.items()}
    found = restrictions(asked.matching, names.get(asked.matching.dataset_id or 0, ""))
    for restriction in found:
        st.button(
            literal(restriction.words),
            key=f"filter_without_{restriction.key}",
            icon=":material/close:",
            icon_position="right",
            help=t("review.take_away"),
            on_click=reviewing.ask,
            args=(replace(asked, matching=restriction.rest), datasets),
        )
    if found:
        st.button(
            t("review.clear"),
            key="filter_clear",
            type="tertiary",
            on_click=reviewing.ask,
            args=(
                replace(asked, matching=PairFilter(statuses=asked.matching.statuses)),
                datasets,
            ),
        )


def _more(asked: Asked, datasets: Datasets) -> None:
    """Draw the filters that are wanted less often."""
    found = facets(state.store())
    matching = asked.matching
    _several("tags", found.tags, matching.tags, tag_words, asked, datasets)
    _several("flags", found.flags, matching.flags, finding_name, asked, datasets)
    _several("languages", found.languages, matching.languages, language_name, asked, datasets)
    relations = tuple((relation, 0) for relation in RELATION)
    _several("relations", relations, matching.relations, relation_name, asked, datasets)
    left, right = st.columns(2)
    with left:
        _fact("is_edited", matching.is_edited, asked, datasets)
        _length("question_length", matching.question_length, asked, datasets)
    with right:
        _fact("has_note", matching.has_note, asked, datasets)
        _length("answer_length", matching.answer_length, asked, datasets)
    files = [name for name, _ in found.files if name]
    key = "filter_source_file"
    st.selectbox(
        t("review.source_file"),
        sorted({*files, *filter(None, [matching.source_file])}),
        index=None,
        placeholder=plain("review.any"),
        key=_shows(key, matching.source_file or None),
        on_change=_narrowed,
        args=(key, asked, datasets, lambda m, name: replace(m, source_file=name or "")),
    )


def _several(
    field: str,
    counted: Counted,
    chosen: tuple[str, ...],
    words: Callable[[str], str],
    asked: Asked,
    datasets: Datasets,
) -> None:
    """Draw a field that takes several values, each with how many pairs have it."""
    counts = dict.fromkeys(chosen, 0) | dict(counted)
    labels = {
        value: f"{words(value)} ({count:,})" if count else words(value)
        for value, count in counts.items()
    }
    key = f"filter_{field}"
    st.multiselect(
        t(f"review.{field}"),
        list(counts),
        format_func=labels.__getitem__,
        placeholder=plain("review.any"),
        key=_shows(key, list(chosen)),
        on_change=_narrowed,
        args=(key, asked, datasets, lambda m, values: with_field(m, field, tuple(values))),
    )


def _fact(field: str, value: bool | None, asked: Asked, datasets: Datasets) -> None:
    words = {True: plain("review.yes"), False: plain("review.no")}
    key = f"filter_{field}"
    st.segmented_control(
        t(f"review.{field}"),
        [True, False],
        format_func=words.__getitem__,
        key=_shows(key, value),
        on_change=_narrowed,
        args=(key, asked, datasets, lambda m, fact: with_field(m, field, fact)),
    )


def _length(field: str, between: Between, asked: Asked, datasets: Datasets) -> None:
    """Draw the two ends of a range of lengths."""
    with st.container(horizontal=True, gap="xsmall"):
        for end in ("least", "most"):
            key = f"filter_{field}_{end}"
            st.number_input(
                t(f"review.{field}_{end}"),
                min_value=0,
                value=None,
                placeholder=plain("review.any"),
                key=_shows(key, getattr(between, end)),
                on_change=_narrowed,
                args=(key, asked, datasets, _ranged(field, end)),
            )


def _ranged(field: str, end: str) -> Narrow[int | None]:
    def narrow(matching: PairFilter, size: int | None) -> PairFilter:
        between: Between = getattr(matching, field)
        ends = {"least": between.least, "most": between.most} | {end: size}
        return with_field(matching, field, Between(**ends))

    return narrow


def _shows(key: str, value: object) -> str:
    """Let a widget show what the address says. Set only where it differs: a value that is set
    again would overwrite what the person types meanwhile."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


@reaction
def _narrowed(key: str, asked: Asked, datasets: Datasets, narrow: Narrow[object]) -> None:
    matching = narrow(asked.matching, st.session_state[key])
    reviewing.ask(replace(asked, matching=matching), datasets)


@reaction
def _ordered(asked: Asked, datasets: Datasets) -> None:
    order = cast("PairSort", st.session_state["filter_order"])
    reviewing.ask(replace(asked, order=order), datasets)
