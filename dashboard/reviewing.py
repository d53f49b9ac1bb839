"""What the Review page reacts with: choosing a pair, deciding it, editing it, taking it back.

Holds the page's session state under names that start with `review_`; it draws nothing.
"""

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from store import history, pairs
from store.errors import NotFound, StalePair
from store.types import Page, Pair, PairEdit, PairFilter, Status

PAGE_SIZE = 15
CHOSEN, PAGE, EDITING = "review_pair", "review_page", "review_editing"
UNDO, LAST = "review_undo", "review_last"
STATUSES = "status"
ADDRESS = "pair"
FIELDS = ("question", "answer", "context", "facts", "note")


@dataclass(frozen=True, slots=True)
class Editing:
    """A pair being edited: the version it was read at, and what stands now if that is newer."""

    pair_id: int
    version: int
    newer: Pair | None = None


@reaction
def start_over() -> None:
    """Go to the first pair of the first page, as after a change of the filter."""
    st.session_state[PAGE] = 1
    _forget()


@reaction
def show_all() -> None:
    """Take every filter away."""
    st.session_state["q"] = ""
    st.session_state["dataset"] = None
    st.session_state[STATUSES] = []
    st.session_state[PAGE] = 1
    _forget()


@reaction
def turn_page(key: str) -> None:
    """Go to the page that the widget `key` holds."""
    st.session_state[PAGE] = st.session_state[key]
    _forget()


@reaction
def choose(pair_id: int, matching: PairFilter) -> None:
    """Choose a pair and turn to its page."""
    _choose(pair_id, matching)


@reaction
def step(name: Literal["previous", "next"], shown_id: int, matching: PairFilter) -> None:
    """Choose the neighbour of what is chosen now, which a quick second key may find moved on."""
    here = st.session_state.get(CHOSEN, shown_id)
    around = pairs.around(state.store(), here, matching=matching)
    to = around.next_id if name == "next" else around.previous_id
    if to is not None:
        _choose(to, matching)


def restore(matching: PairFilter) -> None:
    """Choose the pair that the address names, when the page is first drawn."""
    asked = st.query_params.get(ADDRESS, "")
    if CHOSEN not in st.session_state and asked.isdecimal():
        _choose(int(asked), matching)


def current_page(matching: PairFilter) -> Page[Pair]:
    """Return the page that is open; the first where pairs went away meanwhile."""
    number = st.session_state.get(PAGE, 1)
    page = pairs.page(state.store(), matching=matching, number=number, size=PAGE_SIZE)
    if page.rows or number == 1:
        return page
    st.session_state[PAGE] = 1
    return pairs.page(state.store(), matching=matching, number=1, size=PAGE_SIZE)


def chosen(page: Page[Pair]) -> Pair:
    """Return the chosen pair, else the first of the page; `page` is not empty."""
    pair_id = st.session_state.get(CHOSEN)
    for pair in page.rows:
        if pair.id == pair_id:
            return pair
    try:
        return pairs.get(state.store(), pair_id) if pair_id else page.rows[0]
    except NotFound:
        return page.rows[0]  # It was taken out in another window.


@reaction
def decide(pair: Pair, status: Status, matching: PairFilter) -> None:
    """Accept or reject a pair and choose the next one.

    A key pressed twice before the page is drawn again decides nothing that was not seen.
    """
    if st.session_state.get(CHOSEN, pair.id) != pair.id:
        return
    around = pairs.around(state.store(), pair.id, matching=matching)
    action = pairs.set_status(state.store(), [pair.id], status, expected_version=pair.version)
    _remember(action, pair.id)
    _choose(around.next_id or around.previous_id or pair.id, matching)
    st.session_state[LAST] = (f"review.last_{status}", pair.question)


@reaction
def take_back(matching: PairFilter) -> None:
    """Undo the last decision or edit of this session and choose its pair."""
    action, pair_id = st.session_state[UNDO][-1]
    history.undo(state.store(), action)
    st.session_state[UNDO].pop()
    st.session_state.pop(LAST, None)
    _choose(pair_id, matching)


@reaction
def edit(pair: Pair) -> None:
    """Open the form with what stands now."""
    st.session_state[EDITING] = Editing(pair.id, pair.version)
    for name in FIELDS:
        value = getattr(pair, name)
        st.session_state[field_key(name)] = "\n".join(value) if name == "facts" else value


@reaction
def close() -> None:
    """Close the form without a change."""
    st.session_state.pop(EDITING, None)


@reaction
def save() -> None:
    """Save the form; where the pair was changed meanwhile, keep both for the person to see."""
    editing: Editing = st.session_state[EDITING]
    change = _change()
    try:
        pairs.edit(state.store(), editing.pair_id, change, expected_version=editing.version)
    except StalePair as stale:
        version = stale.current.version
        st.session_state[EDITING] = Editing(editing.pair_id, version, newer=stale.current)
        return
    changes = history.of_pair(state.store(), editing.pair_id)
    _remember(changes[-1].action.id, editing.pair_id)
    st.session_state.pop(EDITING)
    st.session_state[LAST] = ("review.last_edited", change.question or "")


def written(pair: Pair) -> Pair:
    """Return the pair as the form would make it."""
    change = _change()
    return replace(
        pair,
        question=change.question or "",
        answer=change.answer or "",
        context=change.context or "",
    )


def field_key(name: str) -> str:
    """Return the key of a form field."""
    return f"review_field_{name}"


def _change() -> PairEdit:
    texts = {name: str(st.session_state[field_key(name)]) for name in FIELDS}
    facts = tuple(line.strip() for line in texts.pop("facts").splitlines() if line.strip())
    return PairEdit(
        question=texts["question"],
        answer=texts["answer"],
        context=texts["context"],
        facts=facts,
        note=texts["note"],
    )


def _choose(pair_id: int, matching: PairFilter) -> None:
    place = pairs.around(state.store(), pair_id, matching=matching).place
    st.session_state[CHOSEN] = pair_id
    st.session_state[PAGE] = max(1, -(-place // PAGE_SIZE))
    st.session_state.pop(EDITING, None)


def _remember(action_id: int, pair_id: int) -> None:
    st.session_state.setdefault(UNDO, []).append((action_id, pair_id))


def _forget() -> None:
    st.session_state.pop(CHOSEN, None)
    st.session_state.pop(EDITING, None)
    st.query_params.pop(ADDRESS, None)
