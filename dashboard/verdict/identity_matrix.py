"""Who each model says it is: by language and by the system prompt that it is asked under."""

from collections.abc import Mapping

import streamlit as st

from dashboard.format import percent
from dashboard.text import plain, t
from pipeline.evaluate.config import BASE
from pipeline.evaluate.report import Cell, Report
from pipeline.evaluate.statistics import Score


def identity_matrix(report: Report, model: str, names: Mapping[str, str]) -> None:
    """Draw base and model side by side, the new name and the old in each cell."""
    base, tuned = report.model(BASE).matrix, report.model(model).matrix
    if not tuned:
        return
    st.subheader(t("verdict.matrix"), anchor=False)
    asked = [f"{_under(cell)} · {plain(f'verdict.language_{cell.language}')}" for cell in tuned]
    columns = {
        plain("verdict.matrix_asked"): asked,
        plain("verdict.matrix_new", model=names[BASE]): [_cell(cell.new) for cell in base],
        plain("verdict.matrix_new", model=names[model]): [_cell(cell.new) for cell in tuned],
        plain("verdict.matrix_old", model=names[BASE]): [_cell(cell.old) for cell in base],
        plain("verdict.matrix_old", model=names[model]): [_cell(cell.old) for cell in tuned],
    }
    st.dataframe(
        columns,
        key="verdict_matrix",
        hide_index=True,
        height="content",
        alt=plain("verdict.matrix"),
    )
    st.caption(t("verdict.matrix_words", count=max(cell.new.n for cell in tuned)))


def _under(cell: Cell) -> str:
    return plain(f"verdict.under_{cell.asked_under}")


def _cell(score: Score) -> str:
    if score.value is None:
        return "–"
    low, high = (score.low or 0.0) * 100, (score.high or 0.0) * 100
    return f"{percent(score.value)} ({low:.0f}–{high:.0f})"
