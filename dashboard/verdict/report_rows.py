"""The rows of an evaluation: a question, what was expected, and the answers side by side."""

import streamlit as st

from dashboard.parts.chips import Colour, chip, role_chip
from dashboard.parts.links import to_page
from dashboard.parts.prose import prose
from dashboard.text import literal, t
from pipeline.evaluate.config import BASE
from pipeline.evaluate.outcomes import Flag, Outcome, flags, outcome
from pipeline.evaluate.report import Answer, ReportRow
from pipeline.evaluate.shipped import is_shipped

OUTCOMES: dict[Outcome, tuple[str, Colour]] = {
    "learned": ("trending_up", "green"),
    "lost": ("trending_down", "red"),
    "kept": ("check", "green"),
    "not_learned": ("close", "orange"),
    "unjudged": ("remove", "gray"),
}
FLAGS: dict[Flag, str] = {
    "leak": "water_drop",
    "old_name": "history",
    "cut": "content_cut",
    "likelier_wrong": "balance",
    "degenerate": "cyclone",
    "drifted": "translate",
}


def row_card(row: ReportRow, models: tuple[str, ...], names: dict[str, str], *, key: str) -> None:
    """Draw one row; `models` are the columns, of which the first adapter gives the outcome."""
    judged = next((model for model in models if model != BASE), BASE)
    with st.container(border=True, key=key, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            icon, colour = OUTCOMES[outcome(row, judged)]
            chip(t(f"verdict.outcome_{outcome(row, judged)}"), icon, colour)
            role_chip(row.role)
            chip(t(f"verdict.split_{_part(row)}"), "school" if row.split == "train" else "science")
            for flag in flags(row, judged):
                chip(t(f"verdict.flag_{flag}"), FLAGS[flag], "orange")
            if is_shipped(row.file):
                st.caption(t(f"verdict.under_{row.asked_under}"), width="content")
            else:
                st.caption(t("verdict.place", file=row.file, row=row.row), width="content")
                asked = row.question.rpartition("\n")[2]
                to_page("review", t("verdict.pair"), {"q": asked, "status": "all"})
        prose(row.question, is_lead=True)
        expected, *columns = st.columns(len(models) + 1, gap="medium")
        with expected:
            st.markdown(f":gray[{t('verdict.expected')}]")
            prose(row.reference or "–")
        for column, model in zip(columns, models, strict=True):
            with column:
                _answer(row.answer(model), names[model], is_base=model == BASE)


def _part(row: ReportRow) -> str:
    """Which part of the questions a row is of, as the words name it."""
    if is_shipped(row.file):
        return "shipped"
    return "new" if row.about == "facts" else row.split


def _answer(answer: Answer | None, name: str, *, is_base: bool) -> None:
    colour = "gray" if is_base else "primary"
    st.markdown(f":{colour}[**{literal(name)}**] {_mark(answer)}")
    if answer is None:
        st.caption(t("verdict.not_asked"))
        return
    prose(answer.text)
    if answer.missing:
        st.caption(t("verdict.missing", text=", ".join(answer.missing)))
    if answer.claimed:
        st.caption(t("verdict.claimed", text=", ".join(answer.claimed)))
    weighed = answer.weighed_as("asked")
    if weighed and not weighed.is_right:
        st.caption(t("verdict.likelier", text=weighed.likeliest_wrong))


def _mark(answer: Answer | None) -> str:
    if answer is None or answer.is_right is None:
        return ""
    if answer.is_right:
        return f":green[:material/check_circle: {t('verdict.right')}]"
    return f":red[:material/cancel: {t('verdict.wrong')}]"
