"""A comparison of pairs under way, and what it found."""

import streamlit as st

from dashboard.duplicates import linking
from dashboard.duplicates.compare_job import CompareJob, Snapshot
from dashboard.duplicates.leaks import leak_list
from dashboard.format import duration, percent
from dashboard.guard import words
from dashboard.parts.notices import failure, problem
from dashboard.text import t

REFRESH_S = 1.0


def compare_progress(job: CompareJob) -> None:
    """Draw how far a comparison is, again each second, until it has ended."""
    st.fragment(_progress, run_every=REFRESH_S)(job)


def compare_result(now: Snapshot) -> None:
    """Draw what a comparison found, or what stopped it, with the way on."""
    if now.fact is not None:
        problem(words(now.fact))
    elif now.reference:
        failure(now.reference)
    elif now.phase == "cancelled":
        st.info(t("duplicates.cancelled"), icon=":material/cancel:")
    elif isinstance(now.report, tuple):
        leak_list(now.report)
    elif now.report is not None:
        values = {"count": now.report.pairs, "duration": duration(now.elapsed_s)}
        found = sum(now.report.clusters.values())
        st.success(t("duplicates.compared", found=found, **values), icon=":material/check_circle:")
    st.button(t("duplicates.job_clear"), key="duplicates_job_clear", on_click=linking.clear_job)


def _progress(job: CompareJob) -> None:
    now = job.now()
    if not now.is_active:
        st.rerun()
    with st.container(border=True, key="duplicates_progress"):
        st.subheader(_what(now), anchor=False)
        left = now.left_s
        parts = [percent(now.share)]
        if left is not None:
            parts.append(t("import.left", duration=duration(left)))
        st.progress(now.share, text=" · ".join(parts))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("duplicates.leave"), width="content")
            st.button(
                t("shell.cancel"),
                key="duplicates_cancel",
                type="tertiary",
                disabled=now.is_cancelling or now.phase == "clustering",
                on_click=job.beside.cancel,
            )


def _what(now: Snapshot) -> str:
    if now.is_cancelling:
        return t("import.cancelling")
    if now.phase == "clustering":
        return t("duplicates.clustering")
    return t("duplicates.comparing_pairs", count=now.pairs)
