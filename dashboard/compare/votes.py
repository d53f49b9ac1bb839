"""The vote under a question: one button a column with its key, and the way to the next question."""

import streamlit as st

from dashboard.compare import comparing, lineup
from dashboard.text import literal, t
from store.record_types import BOTH_BAD, TIE, Comparison

KEYS = {TIE: "T", BOTH_BAD: "B"}


def vote_bar(comparison: Comparison, *, left: int) -> None:
    """Draw a vote for each column, same and all bad; the one that was given stands out.

    `left` comparisons of the same list wait for a vote after this one.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray[{t('compare.vote')}]", width="content")
        for place, (model, _, _) in enumerate(comparison.answers):
            hidden = comparison.is_hidden
            words = lineup.letter(place) if hidden else literal(lineup.name(model))
            _vote(comparison, model, words, str(place + 1), place)
        for place, (choice, key) in enumerate(KEYS.items(), len(comparison.answers)):
            _vote(comparison, choice, t(f"compare.vote_{choice}"), key, place)
        if left and comparison.vote is not None:
            st.button(
                t("compare.next_open", count=left),
                key="compare_next_open",
                shortcut="N",
                type="primary",
                icon=":material/skip_next:",
                on_click=comparing.open_next,
                args=(comparison.question_set, comparison.id),
            )


def _vote(comparison: Comparison, choice: str, words: str, key: str, place: int) -> None:
    is_given = comparison.vote == choice
    st.button(
        words,
        key=f"compare_vote_{place}",
        shortcut=key,
        icon=f":material/radio_button_{'' if is_given else 'un'}checked:",
        on_click=comparing.vote,
        args=(comparison.id, choice),
    )
