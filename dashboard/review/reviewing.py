"""What the Review page reacts with: choosing a pair, deciding it, editing it, taking it back.

Holds the page's session state under names that start with `review_`; it draws nothing.
"""

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from dashboard import address, state, undoing
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.review import filtering
from dashboard.review.filtering import Asked
from dashboard.text import t
from pipeline.evaluate import values
from store import history, pairs, search
from store.errors import NotFound, StalePair
from store.types import Neighbours, Page, Pair, PairEdit, PairFilter, Status

PAGE_SIZE = 15
CHOSEN, PAGE, EDITING = "review_pair", "review_page", "review_editing"
UNDO, LAST = "review_undo", "review_last"
ADDRESS = "pair"
FIELDS = ("question", "answer", "context", "facts", "note")


@dataclass(frozen=True, slots=True)
class Editing:
    """A pair being edited: the version it was read at, and what stands now if that is newer."""

    pair_id: int
    version: int
    newer: Pair | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows: a page of the list, the chosen pair, and what stands around it."""

    page: Page[Pair]
    pair: Pair
    around: Neighbours


def look(asked: Asked) -> View | None:
    """Read all that the page shows of a list; None where no pair is in it."""
    search.prepare(state.store())
    page = _page(asked)
    if not page.rows:
        return None
    pair = _chosen(page)
    matching, order = asked.matching, asked.order
    return View(page, pair, pairs.around(state.store(), pair.id, matching=matching, order=order))


@reaction
def ask(asked: Asked, datasets: dict[str, int]) -> None:
    """Ask for another list, from its start."""
    filtering.put(asked, datasets)
    st.session_state[PAGE] = 1
    _forget()


@reaction
def show_all(datasets: dict[str, int]) -> None:
    """Take every filter away."""
    filtering.put(Asked(PairFilter()), datasets)
    st.session_state[PAGE] = 1
    _forget()


@reaction
def turn_page(key: str) -> None:
    """Go to the page that the widget `key` holds."""
    st.session_state[PAGE] = st.session_state[key]
    _forget()


@reaction
def choose(pair_id: int, asked: Asked) -> None:
    """Choose a pair and turn to its page."""
    _choose(pair_id, asked)


@reaction
def step(name: Literal["previous", "next"], shown_id: int, asked: Asked) -> None:
    """Choose the neighbour of what is chosen now, which a quick second key may find moved on."""
    here = st.session_state.get(CHOSEN, shown_id)
    around = pairs.around(state.store(), here, matching=asked.matching, order=asked.order)
    to = around.next_id if name == "next" else around.previous_id
    if to is not None:
        _choose(to, asked)


def restore(asked: Asked) -> None:
    """Choose the pair that the address names, when the page is first drawn."""
    named = address.numbered(ADDRESS)
    if CHOSEN not in st.session_state and named is not None:
        _choose(named, asked)


@reaction
def decide(pair: Pair, status: Status, asked: Asked) -> None:
    """Accept or reject a pair and choose the next one.

    A key pressed twice before the page is drawn again decides nothing that was not seen.
    """
    if st.session_state.get(CHOSEN, pair.id) != pair.id:
        return
    around = pairs.around(state.store(), pair.id, matching=asked.matching, order=asked.order)
    action = pairs.set_status(state.store(), [pair.id], status, expected_version=pair.version)
    remember(action, pair.id)
    _choose(around.next_id or around.previous_id or pair.id, asked)
    st.session_state[LAST] = (f"review.last_{status}", {"question": pair.question[:240]})


@reaction
def take_back(asked: Asked) -> None:
    """Undo the last decision or edit of this session and choose its pair."""
    taken = undoing.take_back(UNDO, _undo)
    if taken is None:
        return
    _, pair_id = taken
    st.session_state.pop(LAST, None)
    if pair_id is None:
        _forget()
    else:
        _choose(pair_id, asked)


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
    try:
        change(editing.pair_id, written(), editing.version)
    except StalePair as stale:
        version = stale.current.version
        st.session_state[EDITING] = Editing(editing.pair_id, version, newer=stale.current)
        return
    st.session_state.pop(EDITING)


@reaction
def keep_newer() -> None:
    """Take what stands now into the form in place of what was written."""
    editing: Editing = st.session_state[EDITING]
    if editing.newer is not None:
        edit(editing.newer)


@reaction
def change_beside(pair: Pair, field: Literal["tags", "note"], value: str) -> None:
    """Set the tags (separated by commas) or the note of a pair without opening its form."""
    wanted = PairEdit(note=value.strip()) if field == "note" else PairEdit(tags=tags_in(value))
    change(pair.id, wanted, pair.version)


def change(pair_id: int, wanted: PairEdit, version: int) -> None:
    """Store a change of a pair and remember how to take it back."""
    saved = pairs.edit(state.store(), pair_id, wanted, expected_version=version)
    if saved.version != version:
        remember(history.of_pair(state.store(), pair_id)[-1].action.id, pair_id)
        st.session_state[LAST] = ("review.last_edited", {"question": saved.question[:240]})


def tags_in(text: str) -> tuple[str, ...]:
    """Return the tags of a line, in their order and each once; commas of both scripts part them."""
    parts = (" ".join(part.split()) for part in text.replace("，", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def written() -> PairEdit:
    """Return what the form holds."""
    texts = {name: str(st.session_state[field_key(name)]) for name in FIELDS}
    facts = tuple(line.strip() for line in texts["facts"].splitlines() if line.strip())
    return PairEdit(
        question=texts["question"],
        answer=texts["answer"],
        context=texts["context"],
        facts=facts,
        note=texts["note"],
    )


@reaction
def suggest_facts() -> None:
    """Add to the form's key facts what a right answer would have to hold, read from the answer."""
    form = written()
    told = form.facts or ()
    found = values.suggested(form.question or "", form.answer or "")
    fresh = [each for each in found if not any(each in fact for fact in told)]
    st.session_state[field_key("facts")] = "\n".join((*told, *fresh))
    if not fresh:
        done(t("review.facts_none"))


def as_written(pair: Pair) -> Pair:
    """Return the pair as the form would make it."""
    form = written()
    return replace(
        pair,
        question=form.question or "",
        answer=form.answer or "",
        context=form.context or "",
        facts=form.facts or (),
        note=form.note or "",
    )


def field_key(name: str) -> str:
    """Return the key of a form field."""
    return f"review_field_{name}"


def remember(action_id: int, pair_id: int | None) -> None:
    """Put an action on top of what Undo takes back; without a pair for a change of many."""
    undoing.remember(UNDO, (action_id, pair_id))


def _undo(done: tuple[int, int | None]) -> None:
    history.undo(state.store(), done[0])


def _page(asked: Asked) -> Page[Pair]:
    """The page that is open; the first where pairs went away meanwhile."""
    number = st.session_state.get(PAGE, 1)
    for wanted in (number, 1):
        page = pairs.page(
            state.store(),
            matching=asked.matching,
            order=asked.order,
            number=wanted,
            size=PAGE_SIZE,
        )
        if page.rows:
            break
    st.session_state[PAGE] = page.number
    return page


def _chosen(page: Page[Pair]) -> Pair:
    """The chosen pair; else the first of the page, which takes its place where it is gone."""
    pair_id = st.session_state.get(CHOSEN)
    for pair in page.rows:
        if pair.id == pair_id:
            return pair
    if pair_id is None:
        return page.rows[0]
    try:
        return pairs.get(state.store(), pair_id)
    except NotFound:  # It was taken out in another window.
        st.session_state[CHOSEN] = page.rows[0].id
        return page.rows[0]


def _choose(pair_id: int, asked: Asked) -> None:
    place = pairs.around(state.store(), pair_id, matching=asked.matching, order=asked.order).place
    st.session_state[CHOSEN] = pair_id
    st.session_state[PAGE] = max(1, -(-place // PAGE_SIZE))
    st.session_state.pop(EDITING, None)


def _forget() -> None:
    st.session_state.pop(CHOSEN, None)
    st.session_state.pop(EDITING, None)
    st.query_params.pop(ADDRESS, None)
