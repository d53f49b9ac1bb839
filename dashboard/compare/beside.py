"""Where answers come from: the reference, and the pairs that each one repeats or contradicts."""

import streamlit as st

from dashboard import state
from dashboard.compare import lineup
from dashboard.format import shortened
from dashboard.parts.chips import relation_chip
from dashboard.parts.links import to_page
from dashboard.parts.prose import prose
from dashboard.text import literal, t
from pipeline.curate.beside import Beside, beside
from store.db import Database
from store.record_types import Comparison

MOST_SHOWN = 3


def beside_answers(comparison: Comparison, question: str) -> None:
    """Draw, once opened, the pairs beside each answer; `question` is without its task sentence."""
    place = st.expander(t("compare.beside"), key="compare_beside", on_change="rerun")
    if not place.open:
        return
    with place:
        if comparison.reference:
            st.markdown(f"**{t('compare.reference')}**")
            prose(comparison.reference)
        with st.spinner(t("compare.beside_looking"), show_time=True):
            found = _found(state.store(), comparison, question)
        if not any(found.values()):
            st.caption(t("compare.beside_none"))
            return
        for column, (model, close) in zip(st.columns(len(found)), found.items(), strict=True):
            with column:
                st.markdown(f"**{literal(lineup.name(model))}**")
                _pairs(close)


def _found(db: Database, comparison: Comparison, question: str) -> dict[str, tuple[Beside, ...]]:
    """Return what stands beside each answer, remembered until something is written."""

    def find() -> dict[str, tuple[Beside, ...]]:
        return {
            model: beside(db, question, text)[:MOST_SHOWN] if text.strip() else ()
            for model, text, _ in comparison.answers
        }

    return db.remembered(("beside", comparison.id), find)


def _pairs(close: tuple[Beside, ...]) -> None:
    if not close:
        st.caption(t("compare.beside_nothing"))
    for each in close:
        with st.container(border=True, gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                relation_chip(each.relation)
                st.caption(t(f"compare.beside_{each.relation}", pair=str(each.pair.id)))
            st.caption(literal(shortened(each.pair.question, 160)))
            prose(shortened(each.pair.answer, 300))
            link = t("compare.beside_open", pair=str(each.pair.id))
            to_page("review", link, {"pair": str(each.pair.id)})
