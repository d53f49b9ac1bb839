"""Trying one step before a run: the button, the wait, and how it ended."""

import streamlit as st

from dashboard.guard import guarded
from dashboard.launch import launching, trying
from dashboard.launch.launching import Export
from dashboard.parts.notices import problem
from dashboard.said import said
from dashboard.text import t
from pipeline.models.catalog import BaseModel
from pipeline.train.trial import Trial

REFRESH_S = 1.0


def trial_part(model: BaseModel, export: Export) -> None:
    """Draw the offer to try a step, or the trial under way; what it measured stands in the list."""
    found = trying.latest(launching.request(model, export))
    if found and found.work.is_active:
        st.fragment(_live, run_every=REFRESH_S)(found.id)
        return
    if found and found.tried:
        return
    if found and found.work.state == "failed":
        _failed(found)
    st.button(
        t("launch.try"),
        key="launch_try",
        icon=":material/speed:",
        help=t("launch.try_help"),
        on_click=trying.start,
        args=(model, export),
    )


def _live(trial_id: int) -> None:
    with guarded():
        now = trying.read(trial_id)
        if not now.work.is_active:
            st.rerun()
        is_loading = now.work.progress.phase in ("", "loading")
        with st.container(horizontal=True, vertical_alignment="center"):
            words = t("launch.try_loading" if is_loading else "launch.try_stepping")
            st.markdown(f":material/progress_activity: {words}", width="content")
            st.button(
                t("shell.cancel"),
                key="launch_try_stop",
                type="tertiary",
                on_click=trying.stop,
                args=(trial_id,),
            )


def _failed(trial: Trial) -> None:
    failure = trial.work.failure
    problem(said(failure.message) if failure else t("launch.try_failed"))
