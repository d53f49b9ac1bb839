"""The findings of all pairs by kind: how many, an example, the way to them, and their repair."""

import streamlit as st

from dashboard import state
from dashboard.check import checking
from dashboard.format import shortened
from dashboard.parts.links import to_page
from dashboard.parts.pair_diff import two_texts
from dashboard.parts.pair_flags import severity_badge
from dashboard.review.filtering import DATASET, FLAGS, STATUSES
from dashboard.text import literal, plain, t
from pipeline.curate.checks.found import CODES, Found
from store import pairs
from store.charts import Charts, FlagCount
from store.types import Dataset

_ORDER = {"bad": 0, "look": 1, "hint": 2}


def finding_list(charts: Charts, dataset: Dataset | None) -> None:
    """Draw each kind of finding, the worst first."""
    known = [each for each in charts.flags if each.code in CODES]
    for each in sorted(known, key=lambda f: (_ORDER[CODES[f.code].severity], -f.pairs)):
        with st.container(border=True, key=f"check_kind_{each.code}"):
            _kind(each, dataset)


def _kind(each: FlagCount, dataset: Dataset | None) -> None:
    words, count, actions = st.columns([6, 1.2, 3], vertical_alignment="center", gap="medium")
    with words.container(gap="xsmall"):
        severity_badge(each.code, CODES[each.code].severity)
        st.markdown(t(f"finding.{each.code}_why"))
        _example(each)
    count.metric(plain("check.pairs"), f"{each.pairs:,}", label_visibility="visible")
    with actions.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center"
    ):
        address = {FLAGS: each.code, STATUSES: "unreviewed"}
        if dataset is not None:
            address[DATASET] = dataset.name
        to_page("review", t("check.show"), address)
        if CODES[each.code].is_fixable and st.button(
            t("check.fix_all"),
            key=f"check_fix_{each.code}",
            icon=":material/build:",
            help=t(f"finding.{each.code}_fix"),
        ):
            _ask(each, dataset)


def _example(each: FlagCount) -> None:
    """Draw what was found in one pair, with some words around it."""
    found = pairs.by_ids(state.store(), [each.example_id])
    if not found:
        return
    findings = [f for f in checking.findings_of(found[0]) if f.code == each.code]
    if findings:
        st.caption(_around(getattr(found[0], findings[0].field, ""), findings[0]))


def _around(text: object, found: Found) -> str:
    if not isinstance(text, str) or found.end <= found.start:
        return literal(shortened(found.fact, 120))
    before = text[max(0, found.start - 40) : found.start]
    after = text[found.end : found.end + 40]
    inside = shortened(text[found.start : found.end], 80) or found.fact
    dots = "…" if found.start > 40 else ""
    return f"{dots}{literal(before)} :orange-background[{literal(inside)}] {literal(after)}"


def _ask(each: FlagCount, dataset: Dataset | None) -> None:
    """Open the question before a repair; its title is in the reader's language."""

    @st.dialog(plain("check.fix_title"), icon=":material/build:", width="large")
    def ask() -> None:
        # Only the dialog runs again after its button: there is nothing left to look at.
        if st.session_state.pop(checking.REPAIRED, False):
            st.rerun()
        with st.spinner(t("check.looking")):
            preview = checking.previewed(each.code, dataset)
        if not preview.count:
            st.info(t("check.nothing_to_fix"), icon=":material/info:")
            return
        st.markdown(t("check.would_fix", count=preview.count))
        st.caption(t(f"finding.{each.code}_fix"))
        for repair in preview.some:
            for field, before, after in repair.changes():
                two_texts(t(f"shell.field_{field}"), *_near(before, after))
        st.caption(t("check.one_action"))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(t("shell.cancel"), key="check_fix_cancel"):
                st.rerun()
            st.button(
                t("check.do_fix", count=preview.count),
                key="check_fix_go",
                type="primary",
                on_click=checking.fix_all,
                args=(each.code, dataset),
            )

    ask()


def _near(before: str, after: str, width: int = 160) -> tuple[str, str]:
    """Cut two texts to where they begin to differ."""
    start = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    start = max(0, start - width // 4)
    dots = "…" if start else ""
    return tuple(  # type: ignore[return-value]  # Two in, two out.
        f"{dots}{text[start : start + width]}{'…' if len(text) > start + width else ''}"
        for text in (before, after)
    )
