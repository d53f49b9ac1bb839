"""The equivalence report of a merged model: its figures, its verdict, prompt by prompt."""

import streamlit as st

from dashboard.format import number
from dashboard.text import plain, t
from pipeline.merge.report import Equivalence


def equivalence(found: Equivalence, *, key: str) -> None:
    """Draw the report."""
    count = len(found.rows)
    same = found.same_greedy_answers
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            t("models.same"),
            t("models.same_of", same=same, total=count),
            help=t("models.same_help"),
            width="content",
        )
        st.metric(
            t("models.difference"),
            _figure(found.largest_logit_difference),
            help=t("models.difference_help", tolerance=f"{found.tolerance:g}", dtype=found.dtype),
            width="content",
        )
        st.metric(
            t("models.from_base"),
            _figure(found.largest_from_base),
            help=t("models.from_base_help"),
            width="content",
        )
    with st.expander(t("models.report_rows", count=count), key=f"{key}_rows"):
        st.dataframe(
            {
                plain("models.report_prompt"): [row.prompt for row in found.rows],
                plain("models.report_answer"): [row.answer for row in found.rows],
                plain("models.report_same"): [row.is_same for row in found.rows],
                plain("models.difference"): [row.difference for row in found.rows],
                plain("models.from_base"): [row.from_base for row in found.rows],
            },
            column_config={
                plain("models.difference"): st.column_config.NumberColumn(format="%.2g"),
                plain("models.from_base"): st.column_config.NumberColumn(format="%.1f"),
            },
            hide_index=True,
            key=f"{key}_table",
        )


def _figure(value: float) -> str:
    """Return 0.0000712 as 0.000071 and 14.53 as 14.5."""
    if value >= 1_000_000:
        return "∞"
    return number(value, 1) if value >= 10 else f"{value:.2g}"
