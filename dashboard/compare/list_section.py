"""A list of questions on the Compare page: the next one, all of them, and how far that is."""

import streamlit as st

from dashboard import state
from dashboard.compare import comparing, question_list
from dashboard.guard import guarded
from dashboard.guard import words as words_of
from dashboard.parts.notices import problem
from dashboard.text import t
from store import votes


def ask_list() -> None:
    """Draw the choice of a list, its next question, and the order to answer all of it."""
    lists = question_list.lists()
    if not lists:
        return
    with st.popover(
        t("compare.list"), icon=":material/format_list_bulleted:", key="compare_listed"
    ):
        st.selectbox(
            t("compare.list_which"),
            list(lists),
            key=question_list.CHOSEN,
            help=t("compare.list_help"),
        )
        found = question_list.questions(st.session_state[question_list.CHOSEN])
        st.caption(t("compare.list_questions", count=len(found)))
        st.number_input(
            t("compare.list_count"),
            1,
            max(1, len(found)),
            value=min(20, max(1, len(found))),
            key=question_list.COUNT,
        )
        st.button(
            t("compare.list_all"),
            key="compare_list_all",
            icon=":material/playlist_play:",
            on_click=question_list.answer_all,
            disabled=not found,
        )
    st.button(
        t("compare.list_next"),
        key="compare_list_next",
        icon=":material/skip_next:",
        on_click=question_list.ask_next,
        help=t("compare.list_next_help"),
    )


def list_progress() -> None:
    """Draw how far the background is with a list, and which lists wait for votes."""
    way = question_list.way()
    is_moving = way is not None and not way.is_over

    @st.fragment(run_every=1.0 if is_moving else None)
    def progress() -> None:
        with guarded():
            now = question_list.way()
            if now is not None and now.is_over and is_moving:
                st.rerun()  # the whole page: what was answered can be voted on
            if now is not None:
                _way(now)

    progress()
    _waiting()


def _waiting() -> None:
    """Draw the lists that wait for votes; outside of the fragment, as it opens a comparison."""
    for place, (name, count) in enumerate(votes.open_counts(state.store()).items()):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(t("compare.waiting", count=count, name=name), width="content")
            st.button(
                t("compare.vote_now"),
                key=f"compare_vote_now_{place}",
                icon=":material/how_to_vote:",
                on_click=comparing.open_next,
                args=(name, 0),
            )


def _way(way: question_list.Way) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = t("compare.list_way", done=way.done, total=way.total, name=way.question_set)
        st.progress(way.done / max(1, way.total), text=words)
        if way.is_over:
            st.button(
                t("compare.list_close"),
                key="compare_list_close",
                icon=":material/close:",
                on_click=question_list.dismiss,
            )
        else:
            st.button(
                t("compare.stop"),
                key="compare_list_stop",
                icon=":material/stop:",
                on_click=question_list.stop_all,
            )
    if way.error is not None:
        problem(words_of(way.error))
