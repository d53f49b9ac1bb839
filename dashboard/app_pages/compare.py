"""Compare: one question to the base and an adapter, both answers side by side, one vote."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import comparing, serving, state
from dashboard.asking import Asking, View
from dashboard.comparing import LONGEST_PROMPT
from dashboard.format import duration
from dashboard.guard import words as words_of
from dashboard.parts import answer
from dashboard.parts.compare_settings import ask_settings
from dashboard.parts.comparisons import counts_line, past_table
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state, failure, problem
from dashboard.parts.prose import prose
from dashboard.parts.serving import server_chips
from dashboard.serving import Choice
from dashboard.text import plain, t
from store import votes
from store.record_types import Comparison, Vote

REDRAW_S = 0.06
KEYS: dict[Vote, str] = {"base": "1", "adapter": "2", "tie": "3", "both_bad": "4"}


def draw_live(asking: Asking, choice: Choice) -> None:
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
    slots = draw_speakers(asking.question.models)
    while not view.is_over:
        progress.markdown(f":shimmer[{waiting_words(view, choice)}]")
        for model, slot in slots.items():
            with slot.container():
                if view.texts[model]:
                    prose(view.texts[model])
                else:
                    st.markdown(":gray[…]")
        comparing.pause(REDRAW_S)
        view = asking.wait(view.version, 0.5)
    st.rerun()


def draw_speakers(models: tuple[str, ...]) -> dict[str, DeltaGenerator]:
    """Draw one column a model with its name, and return the place of each answer."""
    slots = {}
    names = serving.run_names()
    for column, model in zip(
        st.columns(len(models), gap="medium", border=True), models, strict=True
    ):
        with column:
            answer.speaker(model, names.get(model, ""))
            slots[model] = st.empty()
    return slots


def waiting_words(view: View, choice: Choice) -> str:
    """Say what is being waited for, and how long so far."""
    seconds = duration(view.seconds)
    if view.phase == "loading":
        last = serving.last_loading_s(choice)
        if last is None:
            return t("compare.loading", seconds=seconds)
        return t("compare.loading_last", seconds=seconds, last=duration(last))
    said = any(view.texts.values())
    return t("compare.answering" if said else "compare.thinking", seconds=seconds)


def draw_broken(asking: Asking, view: View, choice: Choice) -> None:
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
        args=(asking, choice),
    )
    if any(view.texts.values()):
        for model, slot in draw_speakers(asking.question.models).items():
            with slot.container():
                answer.words(view.texts[model])


def draw_comparison(comparison: Comparison) -> None:
    """Draw a kept comparison: both answers with what differs, their stamps, and the vote."""
    draw_vote(comparison)
    texts = {model: text for model, text, _ in comparison.answers}
    finals = comparing.finals_of(comparison)
    marks = comparing.marks(texts)
    for model, slot in draw_speakers(tuple(texts)).items():
        with slot.container():
            answer.words(texts[model], against=marks.get(model))
            answer.stamp_line(finals.get(model))
    st.caption(t(f"compare.{comparing.likeness(texts)}"))
    stamps = {model: final.stamp for model, final in finals.items() if final.stamp}
    if stamps:
        with st.expander(t("compare.show_prompt"), key="compare_prompt"):
            answer.rendered(stamps)


def draw_vote(comparison: Comparison) -> None:
    """Draw the four votes with their keys; the one that was given stands out."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray[{t('compare.vote')}]", width="content")
        for choice, key in KEYS.items():
            st.button(
                t(f"compare.vote_{choice}"),
                key=f"compare_vote_{choice}",
                shortcut=key,
                icon=f":material/radio_button_{'' if comparison.vote == choice else 'un'}checked:",
                on_click=comparing.vote,
                args=(comparison.id, choice),
            )


header = page_header("compare")
choices = serving.choices()
if not choices:
    with empty_state(t("compare.empty"), "compare"):
        to_page("launch", t("compare.train"))
    st.stop()

by_run = {str(choice.run_id): choice for choice in choices}
words = {run: comparing.choice_words(choice) for run, choice in by_run.items()}
comparing.restore(by_run)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    run = st.selectbox(
        t("compare.adapter_choice"),
        list(words),
        format_func=words.__getitem__,
        key="compare_run",
        on_change=comparing.chosen,
        width=440,
    )
    choice = by_run[run]
    ask_settings(choice)
with header:
    server_chips(serving.found(choice))

if prompt := st.chat_input(
    plain("compare.ask"), key="compare_ask", max_chars=LONGEST_PROMPT, submit_mode="disable"
):
    comparing.ask(choice, prompt)

place = st.container(key="compare_place")
with place:
    asking = comparing.current()
    comparison = comparing.opened()
    if asking is not None:
        prose(asking.prompt, is_lead=True)
        view = asking.view()
        draw_broken(asking, view, choice) if view.is_over else draw_live(asking, choice)
    elif comparison is not None:
        prose(comparison.prompt, is_lead=True)
        draw_comparison(comparison)
    elif comparing.is_lost():
        st.caption(t("compare.lost"))
    else:
        st.markdown(f":gray[{t('compare.ready')}]")

past = st.expander(t("compare.past"), key="compare_past_list", on_change="rerun")
if past.open:
    with past:
        counts_line(votes.counts(state.store()))
        past_table(votes.latest(state.store(), count=comparing.MOST_PAST))
