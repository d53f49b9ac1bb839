"""One pair, large: what it asks and answers, where it came from, and what was done to it."""

from collections.abc import Mapping

import streamlit as st

from dashboard.format import when
from dashboard.parts.activity import action_words
from dashboard.parts.chips import chip, status_chip
from dashboard.parts.difference import removal_words
from dashboard.parts.pair_diff import two_texts
from dashboard.parts.prose import Spans, prose
from dashboard.review.tagging import tag_words
from dashboard.text import literal, t
from store.types import Change, Pair

SHOWN_FIELDS = ("question", "answer", "context", "facts", "note", "tags", "status")


def pair_head(pair: Pair, dataset: str) -> None:
    """Draw the status, the dataset and where the pair came from, in one row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_chip(pair.status)
        chip(literal(dataset), "database")
        for tag in pair.tags:
            chip(literal(tag_words(tag)), "label", "blue")
        if pair.source_file:
            words = t("shell.source", file=pair.source_file, row=pair.source_row)
            st.caption(words, width="content")


def pair_body(
    pair: Pair, against: Pair | None = None, marks: Mapping[str, Spans] | None = None
) -> None:
    """Draw the texts of a pair.

    Words that `against` does not share are marked, or the spans of `marks`, by field.
    """
    spans = marks or {}
    question, context, answer = (
        (against.question, against.context, against.answer) if against else (None, None, None)
    )
    for turn in pair.history:
        _field("shell.field_history", turn.question)
        prose(turn.answer)
    _field(
        "shell.field_question", pair.question, question, is_lead=True, marks=spans.get("question")
    )
    if pair.context:
        _field("shell.field_context", pair.context, context, marks=spans.get("context"))
    _field("shell.field_answer", pair.answer, answer, marks=spans.get("answer"))
    if pair.system is not None:
        _field("shell.field_system", pair.system)
    if pair.facts:
        _field("shell.field_facts", "\n".join(pair.facts))
    if pair.note:
        _field("shell.field_note", pair.note)


def pair_history(changes: tuple[Change, ...]) -> None:
    """Draw what was done to a pair, newest first, with the words that changed."""
    if not changes:
        st.caption(t("shell.history_none"))
    for change in reversed(changes):
        st.markdown(f"{action_words(change.action)} :gray[:small[{when(change.action.at)}]]")
        if change.before is None or change.after is None:
            continue
        if change.removal is not None:
            st.caption(removal_words(change.removal))
        for name in _changed(change.before, change.after):
            before, after = _shown(change.before, name), _shown(change.after, name)
            two_texts(t(f"shell.field_{name}"), before, after)


def _field(
    label: str,
    text: str,
    against: str | None = None,
    *,
    is_lead: bool = False,
    marks: Spans | None = None,
) -> None:
    with st.container(gap=None):
        st.caption(t(label))
        prose(text, is_lead=is_lead, against=against, marks=marks or ())


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [name for name in SHOWN_FIELDS if before.get(name) != after.get(name)]


def _shown(snapshot: Mapping[str, object], name: str) -> str:
    value = snapshot.get(name)
    if name == "status":
        return t(f"shell.status_{value}")
    return "\n".join(value) if isinstance(value, list) else str(value or "")
