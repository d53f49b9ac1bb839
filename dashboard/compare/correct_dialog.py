"""The dialog that makes a pair of an answer: written right, checked beside the pairs there are."""

import streamlit as st

from dashboard import state
from dashboard.compare import correcting
from dashboard.compare.correcting import ANSWER, DATASET, FACTS, QUESTION
from dashboard.format import shortened
from dashboard.parts.chips import relation_chip
from dashboard.parts.links import to_page
from dashboard.text import literal, plain, t
from pipeline.curate.beside import Beside
from store import datasets
from store.record_types import Comparison

HEIGHTS = {QUESTION: 90, ANSWER: 200, FACTS: 70}


def correct_button(comparison: Comparison, place: int, text: str) -> None:
    """Draw the button under an answer that opens the dialog."""
    if st.button(
        t("compare.correct"),
        key=f"compare_correct_{place}",
        icon=":material/edit_note:",
        type="tertiary",
        help=t("compare.correct_help"),
    ):
        correcting.begin(comparison, text)
        _open(comparison)


def _open(comparison: Comparison) -> None:
    """Open the dialog; its title is in the reader's language, so it is made here."""

    @st.dialog(plain("compare.correct_title"), icon=":material/edit_note:", width="large")
    def correct() -> None:
        names = {each.id: each.name for each in datasets.listed(state.store())}
        if not names:
            st.markdown(t("compare.correct_no_dataset"))
            to_page("import", t("compare.correct_import"))
            return
        _fields(names)
        _close(correcting.close_pairs())
        _ends(comparison)

    correct()


def _fields(names: dict[int, str]) -> None:
    st.selectbox(
        t("compare.correct_dataset"), list(names), format_func=names.__getitem__, key=DATASET
    )
    for key in (QUESTION, ANSWER, FACTS):
        st.text_area(t(f"compare.{key}"), key=key, height=HEIGHTS[key])
    st.caption(t("compare.correct_facts_help"))


def _close(close: tuple[Beside, ...]) -> None:
    for each in close[:3]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            relation_chip(each.relation)
            words = t(f"compare.beside_{each.relation}", pair=str(each.pair.id))
            st.caption(f"{words} {literal(shortened(each.pair.answer, 140))}")
            to_page("review", t("compare.beside_open", pair=str(each.pair.id)),
                    {"pair": str(each.pair.id)})  # fmt: skip


def _ends(comparison: Comparison) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("shell.cancel"), key="correct_cancel"):
            st.rerun()
        for is_test in (True, False):
            if st.button(
                t("compare.correct_test" if is_test else "compare.correct_save"),
                key=f"correct_save_{'test' if is_test else 'pair'}",
                type="secondary" if is_test else "primary",
                on_click=correcting.save,
                args=(comparison,),
                kwargs={"is_test": is_test},
                help=t("compare.correct_test_help") if is_test else None,
            ):
                st.rerun()


def saved_line(comparison: Comparison) -> None:
    """Draw what was made of this comparison, and the way to accept it."""
    kept = correcting.saved(comparison)
    if kept is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = "compare.saved_test" if kept.is_test else "compare.saved"
        st.success(t(words, pair=str(kept.pair_id)), icon=":material/check_circle:")
        to_page("review", t("compare.saved_review"), {"pair": str(kept.pair_id)})
