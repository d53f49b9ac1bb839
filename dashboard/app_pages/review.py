"""Review: decide pair by pair, fast."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, reviewing, state
from dashboard.format import shortened
from dashboard.parts.chips import STATUS
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.pair_view import pair_body, pair_head, pair_history
from dashboard.parts.prose import LONGEST_SHOWN
from dashboard.reviewing import EDITING, LAST, PAGE_SIZE, STATUSES, UNDO, Editing
from dashboard.text import literal, plain, t
from store import datasets, history, pairs
from store.types import DatasetSummary, Page, Pair, PairFilter

STEPS = (("previous", "K", "previous_id"), ("next", "J", "next_id"))


def ask_filters(summaries: tuple[DatasetSummary, ...]) -> PairFilter:
    """Ask which pairs are meant; the answers stay in the address."""
    ids = {summary.dataset.name: summary.dataset.id for summary in summaries}
    search, of_dataset, of_status = st.columns([4, 3, 6], vertical_alignment="bottom")
    text = search.text_input(
        t("review.search"),
        type="search",
        placeholder=plain("review.search"),
        label_visibility="collapsed",
        live="400ms",
        key="q",
        bind="query-params",
        on_change=reviewing.start_over,
    )
    dataset = of_dataset.selectbox(
        t("review.dataset"),
        list(ids),
        index=None,
        placeholder=plain("review.all_datasets"),
        label_visibility="collapsed",
        key="dataset",
        bind="query-params",
        on_change=reviewing.start_over,
    )
    address.restore(STATUSES, allowed=list(STATUS), default=["unreviewed"])
    statuses = of_status.pills(
        t("review.status"),
        list(STATUS),
        selection_mode="multi",
        format_func=lambda status: t(f"shell.status_{status}"),
        label_visibility="collapsed",
        key=STATUSES,
        on_change=reviewing.start_over,
    )
    address.keep(STATUSES, default=["unreviewed"])
    return PairFilter(ids.get(dataset or ""), tuple(statuses), text or "")


def draw_list(page: Page[Pair], chosen: Pair, matching: PairFilter) -> None:
    """Draw one page of the list; a button a pair, so that the keys work after a click too."""
    around = pairs.around(state.store(), chosen.id, matching=matching)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("review.place", place=around.place, count=page.total))
        for name, key, to in STEPS:
            st.button(
                t(f"review.{name}"),
                key=f"review_{name}",
                shortcut=key,
                type="tertiary",
                disabled=getattr(around, to) is None,
                on_click=reviewing.step,
                args=(name, chosen.id, matching),
            )
    with st.container(border=True, gap=None, key="review_list"):
        for pair in page.rows:
            words = literal(shortened(pair.question, 90))
            icon, _ = STATUS[pair.status]
            st.button(
                f":primary[**{words}**]" if pair.id == chosen.id else words,
                key=f"review_row_{pair.id}",
                type="tertiary",
                icon=f":material/{icon}:",
                wrap=False,
                on_click=reviewing.choose,
                args=(pair.id, matching),
            )
    draw_pagination(page)
    if last := st.session_state.get(LAST):
        st.caption(t(last[0], question=shortened(last[1], 60)))


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


def draw_form(editing: Editing) -> None:
    """Draw the pair as a form; where it changed meanwhile, what stands now is above it."""
    if editing.newer is not None:
        with st.container(border=True, key="review_newer"):
            st.warning(t("review.stale"), icon=":material/sync_problem:")
            pair_body(editing.newer, against=reviewing.written(editing.newer))
    heights = {"question": 110, "answer": 220, "context": 80, "facts": 90, "note": 80}
    with st.form("review_form", border=False):
        for name in reviewing.FIELDS:
            st.text_area(
                t(f"shell.field_{name}"),
                key=reviewing.field_key(name),
                height=heights[name],
                help=t("review.facts_help") if name == "facts" else None,
            )
        with st.container(horizontal=True):
            words = "review.save_over" if editing.newer else "review.save"
            st.form_submit_button(
                t(words), key="review_save", type="primary", on_click=reviewing.save
            )
            st.form_submit_button(t("shell.cancel"), key="review_cancel", on_click=reviewing.close)


def draw_actions(pair: Pair, matching: PairFilter) -> None:
    """Draw what can be done with the pair, the primary action last, at the right."""
    can_edit = max(len(pair.question), len(pair.answer), len(pair.context)) <= LONGEST_SHOWN
    st.button(
        t("shell.undo"),
        key="review_undo_button",
        shortcut="U",
        disabled=not st.session_state.get(UNDO),
        on_click=reviewing.take_back,
        args=(matching,),
    )
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
            args=(pair, status, matching),
        )


def draw_pair(pair: Pair, dataset: str, *, actions: DeltaGenerator, matching: PairFilter) -> None:
    """Draw the chosen pair, or its form while it is being edited."""
    pair_head(pair, dataset)
    editing: Editing | None = st.session_state.get(EDITING)
    if editing is not None and editing.pair_id == pair.id:
        draw_form(editing)
        return
    pair_body(pair)
    past = st.expander(t("review.history"), key="review_history", on_change="rerun")
    if past.open:
        with past:
            pair_history(history.of_pair(state.store(), pair.id))
    with actions:
        draw_actions(pair, matching)


actions = page_header("review")
summaries = datasets.summaries(state.store())
if not any(summary.total for summary in summaries):
    with empty_state(t("review.empty"), "rule"):
        to_page("import", t("review.to_import"))
    st.stop()

matching = ask_filters(summaries)
reviewing.restore(matching)
page = reviewing.current_page(matching)
if not page.rows:
    is_done = matching == PairFilter(statuses=("unreviewed",))
    with empty_state(t("review.all_decided" if is_done else "review.nothing"), "done_all"):
        st.button(t("review.show_all"), key="review_show_all", on_click=reviewing.show_all)
    st.stop()

pair = reviewing.chosen(page)
names = {summary.dataset.id: summary.dataset.name for summary in summaries}
left, right = st.columns([2, 3], gap="large")
with left:
    draw_list(page, pair, matching)
with right:
    draw_pair(pair, names[pair.dataset_id], actions=actions, matching=matching)
