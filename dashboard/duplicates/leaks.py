"""Pairs that give test rows of an export away: asked for, listed, and taken out."""

import streamlit as st

from dashboard import state
from dashboard.duplicates import clustering, linking
from dashboard.format import percent, shortened
from dashboard.text import plain, t
from pipeline.publish.leaks import Leak
from store import exports, pairs

MOST_LISTED = 200


def ask_leaks() -> None:
    """Ask which export's test rows to look for."""
    names = [record.name for record in exports.listed(state.store())]
    st.caption(t("duplicates.leaks_words"))
    if not names:
        st.caption(t("duplicates.leaks_no_export"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            t("duplicates.leaks_export"),
            names,
            label_visibility="collapsed",
            key=linking.LEAK_EXPORT,
            width=300,
        )
        st.button(
            t("duplicates.leaks_find"),
            key="duplicates_leaks_find",
            icon=":material/frame_inspect:",
            on_click=linking.find_leaks,
        )


def leak_list(found: tuple[Leak, ...]) -> None:
    """Draw the leaks that were found, and offer to reject them all."""
    if not found:
        st.success(t("duplicates.leaks_none"), icon=":material/check_circle:")
        return
    st.warning(t("duplicates.leaks_found", count=len(found)), icon=":material/leak_add:")
    shown = found[:MOST_LISTED]
    asked = {p.id: p.question for p in pairs.by_ids(state.store(), [x.pair_id for x in shown])}
    st.dataframe(
        {
            plain("duplicates.leaks_pair"): [leak.pair_id for leak in shown],
            plain("shell.field_question"): [
                shortened(asked.get(leak.pair_id, ""), 120) for leak in shown
            ],
            plain("duplicates.leaks_test"): [shortened(leak.question, 120) for leak in shown],
            plain("duplicates.relation"): [
                plain(f"shell.relation_{leak.relation}") for leak in shown
            ],
            plain("duplicates.axis_score"): [percent(leak.score) for leak in shown],
            plain("duplicates.leaks_place"): [f"{leak.file}:{leak.row}" for leak in shown],
        },
        key="duplicates_leaks",
        hide_index=True,
        alt=plain("duplicates.leaks_alt"),
    )
    st.button(
        t("duplicates.leaks_reject", count=len(found)),
        key="duplicates_leaks_reject",
        icon=":material/block:",
        on_click=clustering.reject_leaks,
        args=(tuple(leak.pair_id for leak in found),),
    )
