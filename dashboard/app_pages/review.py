"""Review: decide pair by pair, fast."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.check import checking
from dashboard.format import shortened
from dashboard.guard import guarded
from dashboard.parts.chips import STATUS
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.pair_flags import pair_flags
from dashboard.parts.prose import LONGEST_SHOWN
from dashboard.review import filtering, reviewing
from dashboard.review.filter_bar import filter_bar
from dashboard.review.filtering import Asked
from dashboard.review.focus import hold_keys
from dashboard.review.pair_beside import note_button, tag_button
from dashboard.review.pair_form import pair_form
from dashboard.review.pair_view import pair_body, pair_head, pair_history
from dashboard.review.reviewing import EDITING, LAST, PAGE_SIZE, UNDO, Editing, View
from dashboard.review.sweep_dialog import sweep_menu
from dashboard.text import literal, t
from store import datasets, history, pairs
from store.types import Page, Pair, PairFilter

STEPS = (("previous", "K", "previous_id"), ("next", "J", "next_id"))


def draw_list(view: View, asked: Asked) -> None:
    """Draw one page of the list; a button a pair, so that the keys work after a click too."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("review.place", place=view.around.place, count=view.page.total))
        for name, key, to in STEPS:
            st.button(
                t(f"review.{name}"),
                key=f"review_{name}",
                shortcut=key,
                type="tertiary",
                disabled=getattr(view.around, to) is None,
                on_click=reviewing.step,
                args=(name, view.pair.id, asked),
            )
    with st.container(border=True, gap=None, key="review_list"):
        for pair in view.page.rows:
            words = literal(shortened(pair.question, 90))
            icon, _ = STATUS[pair.status]
            st.button(
                f":primary[**{words}**]" if pair.id == view.pair.id else words,
                key=f"review_row_{pair.id}",
                type="tertiary",
                icon=f":material/{icon}:",
                wrap=False,
                on_click=reviewing.choose,
                args=(pair.id, asked),
            )
    draw_pagination(view.page)


def draw_pagination(page: Page[Pair]) -> None:
    """Draw the page numbers; Streamlit warns of a key whose value is set, so a page has its own."""
    if page.total <= PAGE_SIZE:
        return
    key = f"review_pages_{page.number}"
    st.pagination(
        -(-page.total // PAGE_SIZE),
        default=page.number,
        max_visible_pages=5,
        key=key,
        on_change=reviewing.turn_page,
        args=(key,),
    )


def draw_last() -> None:
    """Say what was done last, shortly."""
    if last := st.session_state.get(LAST):
        key, values = last
        shown = {n: shortened(v, 60) if isinstance(v, str) else v for n, v in values.items()}
        st.caption(t(key, **shown))


def draw_undo(asked: Asked) -> None:
    """Draw the button that takes the last change of this session back."""
    st.button(
        t("shell.undo"),
        key="review_undo_button",
        shortcut="U",
        disabled=not st.session_state.get(UNDO),
        on_click=reviewing.take_back,
        args=(asked,),
    )


def draw_actions(pair: Pair, asked: Asked) -> None:
    """Draw what can be done with the pair, the primary action last, at the right."""
    can_edit = max(len(pair.question), len(pair.answer), len(pair.context)) <= LONGEST_SHOWN
    draw_undo(asked)
    st.button(
        t("review.edit"),
        key="review_edit",
        shortcut="E",
        help=None if can_edit else t("review.too_long"),
        disabled=not can_edit,
        on_click=reviewing.edit,
        args=(pair,),
    )
    for name, key, status in (("reject", "X", "rejected"), ("accept", "A", "accepted")):
        st.button(
            t(f"review.{name}"),
            key=f"review_{name}",
            shortcut=key,
            type="primary" if name == "accept" else "secondary",
            on_click=reviewing.decide,
            args=(pair, status, asked),
        )


def draw_pair(pair: Pair, dataset: str, *, actions: DeltaGenerator, asked: Asked) -> None:
    """Draw the chosen pair, or its form while it is being edited."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pair_head(pair, dataset)
        tag_button(pair)
        note_button(pair)
    editing: Editing | None = st.session_state.get(EDITING)
    if editing is not None and editing.pair_id == pair.id:
        pair_form(editing)
        return
    findings = checking.findings_of(pair)
    pair_flags(pair, findings)
    pair_body(pair, marks=checking.marks_of(findings))
    past = st.expander(t("review.history"), key="review_history", on_change="rerun")
    if past.open:
        with past:
            pair_history(history.of_pair(state.store(), pair.id))
    with actions:
        draw_actions(pair, asked)


def draw_nothing(asked: Asked, ids: dict[str, int]) -> None:
    """Say that no pair is in the list; Undo stays, for the last pair may have gone by a key."""
    is_done = asked.matching == Asked().matching
    with empty_state(t("review.all_decided" if is_done else "review.nothing"), "done_all"):
        draw_undo(asked)
        st.button(
            t("review.show_all"),
            key="review_show_all",
            on_click=reviewing.show_all,
            args=(ids,),
        )


def draw_page() -> None:
    """Draw the whole page."""
    actions = page_header("review")
    ids = {dataset.name: dataset.id for dataset in datasets.listed(state.store())}
    asked = filtering.current(ids)
    reviewing.restore(asked)
    view = reviewing.look(asked)
    if view is None and not pairs.count(state.store(), matching=PairFilter()):
        with empty_state(t("review.empty"), "rule"):
            to_page("import", t("review.to_import"))
        return
    chips = filter_bar(asked, ids)
    if view is None:
        draw_last()
        draw_nothing(asked, ids)
        return
    with chips:
        st.space("stretch")
        sweep_menu(asked, view.page.total, ids)
    names = {dataset_id: name for name, dataset_id in ids.items()}
    left, right = st.columns([2, 3], gap="large")
    with left:
        draw_list(view, asked)
        draw_last()
        hold_keys("TNE")
    with right:
        draw_pair(view.pair, names[view.pair.dataset_id], actions=actions, asked=asked)


# A key draws the page alone: what the frame above it counts takes longer than the decision.
@st.fragment
def review() -> None:
    """Draw the page; each of its keys and filters runs this again, not the frame."""
    with guarded():
        draw_page()


review()
