"""Answers side by side: as they come, where they broke off, and as they were kept."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import serving, state
from dashboard.compare import answer, comparing, correcting
from dashboard.compare.asking import Asking, View
from dashboard.compare.beside import beside_answers
from dashboard.compare.correct_dialog import correct_button, saved_line
from dashboard.compare.sheet import take_along
from dashboard.compare.votes import vote_bar
from dashboard.format import duration
from dashboard.guard import words as words_of
from dashboard.parts.notices import failure, problem
from dashboard.parts.prose import prose
from dashboard.text import t
from store import votes
from store.record_types import Comparison

REDRAW_S = 0.06


def draw_live(asking: Asking) -> None:
    """Draw the answers as they come, until they are over; a reload goes on where they are."""
    view = asking.view()
    with st.container(horizontal=True, vertical_alignment="center"):
        progress = st.empty()
        st.button(
            t("compare.stop"),
            key="compare_stop",
            icon=":material/stop:",
            on_click=comparing.stop,
            args=(asking,),
        )
    slots = _speakers(asking.question.models, is_hidden=asking.is_blind)
    last = serving.last_loading_s(asking.question.models)
    while not view.is_over:
        progress.markdown(f":shimmer[{_waiting(view, last)}]")
        for model, slot in slots.items():
            with slot.container():
                if view.texts[model]:
                    prose(view.texts[model])
                else:
                    st.markdown(":gray[…]")
        comparing.pause(REDRAW_S)
        view = asking.wait(view.version, 0.5)
    st.rerun()


def draw_broken(asking: Asking, view: View) -> None:
    """Draw what was said before it broke off or was stopped, and the way on."""
    if view.error is not None:
        problem(words_of(view.error))
    elif view.phase == "failed":
        failure(view.reference)
    else:
        st.caption(t("compare.stopped"))
    st.button(
        t("compare.again"),
        key="compare_again",
        icon=":material/refresh:",
        on_click=comparing.ask_again,
        args=(asking,),
    )
    if any(view.texts.values()):
        slots = _speakers(asking.question.models, is_hidden=asking.is_blind)
        for model, slot in slots.items():
            with slot.container():
                answer.words(view.texts[model])


def draw_comparison(comparison: Comparison) -> None:
    """Draw a kept comparison: answers with what differs, their stamps, the vote, and what next."""
    vote_bar(comparison, left=votes.open_counts(state.store()).get(comparison.question_set, 0))
    saved_line(comparison)
    texts = {model: text for model, text, _ in comparison.answers}
    finals = comparing.finals_of(comparison)
    marks = comparing.marks(texts)
    slots = _speakers(tuple(texts), is_hidden=comparison.is_hidden)
    for place, (model, slot) in enumerate(slots.items()):
        with slot.container():
            _earlier(comparison, model)
            answer.words(texts[model], against=marks.get(model))
            if not comparison.is_hidden:
                answer.stamp_line(finals.get(model))
            correct_button(comparison, place, texts[model])
    st.caption(_likeness(tuple(texts.values())))
    if comparison.is_hidden:
        return
    stamps = {model: final.stamp for model, final in finals.items() if final.stamp}
    if stamps:
        with st.expander(t("compare.show_prompt"), key="compare_prompt"):
            answer.rendered(stamps)
    beside_answers(comparison, correcting.without_trigger(comparison)[0])
    take_along(comparison)


def _earlier(comparison: Comparison, model: str) -> None:
    """Draw the turns before, small; the last question stands above all columns."""
    for message in comparing.earlier(comparison, model):
        who = "turn_asked" if message.role == "user" else "turn_said"
        if message.role != "system":
            st.caption(t(f"compare.{who}"))
            prose(message.content)


def _likeness(texts: Sequence[str]) -> str:
    likeness = comparing.likeness(texts)
    if likeness == "differences" and len(texts) > 2:
        return t("compare.differences_first")
    return t(f"compare.{likeness}")


def _speakers(models: tuple[str, ...], *, is_hidden: bool) -> dict[str, DeltaGenerator]:
    """Draw one column a model with its name, and return the place of each answer."""
    slots = {}
    places = st.columns(len(models), gap="medium" if len(models) < 4 else "small", border=True)
    for place, (column, model) in enumerate(zip(places, models, strict=True)):
        with column:
            answer.speaker(model, place, is_hidden=is_hidden)
            slots[model] = st.empty()
    return slots


def _waiting(view: View, last_loading_s: float | None) -> str:
    """Say what is being waited for, and how long so far."""
    seconds = duration(view.seconds)
    if view.phase == "loading":
        if last_loading_s is None:
            return t("compare.loading", seconds=seconds)
        return t("compare.loading_last", seconds=seconds, last=duration(last_loading_s))
    said = any(view.texts.values())
    return t("compare.answering" if said else "compare.thinking", seconds=seconds)
