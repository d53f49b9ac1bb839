"""A judging pass under way, and what stopped it."""

import streamlit as st

from dashboard.check.judge_job import Desk, JudgeJob
from dashboard.format import duration, percent
from dashboard.guard import words
from dashboard.parts.notices import failure, problem
from dashboard.text import t

REFRESH_S = 1.0


def judge_progress(desk: Desk) -> None:
    """Draw how far the pass is, or why it stopped; nothing where it is done."""
    if desk.job is None:
        return
    now = desk.job.now()
    if now.is_active:
        st.fragment(_progress, run_every=REFRESH_S)(desk.job)
        return
    if now.fact is not None:
        problem(words(now.fact))
    elif now.reference:
        failure(now.reference)
    elif now.phase == "cancelled":
        st.info(t("check.cancelled"), icon=":material/cancel:")
    if now.phase != "done":
        st.button(t("check.again"), key="check_again", on_click=desk.again)


def _progress(job: JudgeJob) -> None:
    now = job.now()
    if not now.is_active:
        st.rerun()
    with st.container(border=True, key="check_progress"):
        st.subheader(t("check.running"), anchor=False)
        parts = [percent(now.share), t("check.progress", done=now.done, count=now.total)]
        if now.left_s is not None:
            parts.append(t("import.left", duration=duration(now.left_s)))
        st.progress(min(now.share, 1.0), text=" · ".join(parts))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("check.leave"), width="content")
            st.button(
                t("shell.cancel"), key="check_cancel", type="tertiary", on_click=job.beside.cancel
            )
