"""Comparisons that were kept: how the votes stand, and the list of earlier ones."""

import pandas as pd
import streamlit as st

from dashboard import comparing
from dashboard.format import shortened, when
from dashboard.text import plain, t
from pipeline.chat.protocol import BASE
from store.record_types import Comparison, Vote

ORDER: tuple[Vote, ...] = ("base", "adapter", "tie", "both_bad")


def counts_line(counts: dict[Vote, int]) -> None:
    """Draw how many comparisons have each vote, in one quiet line."""
    if not any(counts.values()):
        return
    parts = [f"{t(f'compare.vote_{vote}')} **{counts[vote]}**" for vote in ORDER]
    st.markdown(f":gray[{t('compare.votes')}:] " + " · ".join(parts))


def past_table(past: tuple[Comparison, ...]) -> None:
    """Draw the earlier comparisons, newest first; a button a row opens it."""
    if not past:
        st.caption(t("compare.past_none"))
        return
    table = pd.DataFrame(
        {
            "prompt": [shortened(each.prompt, 120) for each in past],
            "models": [_models(each) for each in past],
            "vote": [_vote(each) for each in past],
            "when": [when(each.created_at) for each in past],
            "open": [plain("compare.past_open")] * len(past),
        }
    )
    st.dataframe(
        table,
        key="compare_past",
        hide_index=True,
        height="content",
        column_config={
            "prompt": st.column_config.TextColumn(plain("compare.past_prompt"), width="large"),
            "models": st.column_config.TextColumn(plain("compare.past_models"), width="small"),
            "vote": st.column_config.TextColumn(plain("compare.past_vote"), width="small"),
            "when": st.column_config.TextColumn(plain("compare.past_when"), width="small"),
            "open": st.column_config.ButtonColumn(
                "",
                key="compare_open",
                on_click=comparing.open_past,
                args=([each.id for each in past],),
                type="tertiary",
                width="small",
            ),
        },
        alt=plain("compare.past_alt"),
    )


def _models(comparison: Comparison) -> str:
    names = [model for model, _, _ in comparison.answers if model != BASE]
    return ", ".join(plain("compare.run", run=name) for name in names)


def _vote(comparison: Comparison) -> str:
    if comparison.vote is None:
        return plain("compare.no_vote")
    return plain(f"compare.vote_{comparison.vote}")
