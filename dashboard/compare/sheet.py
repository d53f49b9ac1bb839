"""Taking a comparison along: as Markdown or as a page, once the names may be known."""

import streamlit as st

from dashboard.compare import comparing, lineup
from dashboard.compare.answer import stamp_words
from dashboard.text import language, plain, t
from pipeline.chat import written
from pipeline.chat.written import Said, Sheet
from store.record_types import BOTH_BAD, TIE, Comparison


def take_along(comparison: Comparison) -> None:
    """Draw the menu that saves a comparison as a file."""
    with st.popover(t("compare.take"), icon=":material/download:", key="compare_take"):
        sheet = _sheet(comparison)
        name = f"comparison-{comparison.id}"
        st.download_button(
            t("compare.take_markdown"),
            lambda: written.markdown(sheet),
            f"{name}.md",
            "text/markdown",
            key="compare_take_markdown",
            on_click="ignore",
        )
        st.download_button(
            t("compare.take_html"),
            lambda: written.page(sheet, language=language()),
            f"{name}.html",
            "text/html",
            key="compare_take_html",
            on_click="ignore",
        )


def _sheet(comparison: Comparison) -> Sheet:
    finals = comparing.finals_of(comparison)
    return Sheet(
        title=plain("compare.take_title", number=str(comparison.id)),
        prompt=comparison.prompt,
        answers=tuple(
            Said(lineup.name(model), text, stamp_words(finals.get(model), is_plain=True))
            for model, text, _ in comparison.answers
        ),
        reference=(plain("compare.reference"), comparison.reference)
        if comparison.reference
        else None,
        vote=_vote(comparison.vote),
    )


def _vote(vote: str | None) -> str:
    if vote is None:
        return ""
    words = plain(f"compare.vote_{vote}") if vote in (TIE, BOTH_BAD) else lineup.name(vote)
    return plain("compare.take_vote", vote=words)
