"""What can be done with the run that is shown: one filled button, the rest beside it or folded."""

from collections.abc import Sequence

import streamlit as st

from dashboard import watching
from dashboard.format import size
from dashboard.guard import guarded
from dashboard.pages import exists, link
from dashboard.runs import keeping
from dashboard.runs.checkpoint_list import continue_from, is_confirmed
from dashboard.runs.queue import leave_button
from dashboard.text import plain, t
from pipeline.train.state import Run

MORE = "runs_more"
"""Whether the menu of what is rarely done is open."""


def run_actions(run: Run, listed: Sequence[Run]) -> None:
    """Draw the buttons: stop it, go on with it, use its adapter, delete it."""
    if run.state == "queued":
        leave_button(run)
        return
    if run.is_active:
        _stop(run)
        return
    with st.popover(t("runs.more"), icon=":material/more_horiz:", key=MORE, on_change="rerun"):
        if run.adapter and st.button(
            t("runs.continue"),
            key="runs_continue",
            icon=":material/fork_right:",
            type="tertiary",
            help=t("runs.continue_help"),
        ):
            continue_from(run, "")
        if st.button(
            t("runs.delete"),
            key="runs_delete",
            icon=":material/delete:",
            type="tertiary",
            on_click=_close_menu,
        ):
            children = [child.id for child in keeping.children(run.id, listed)]
            st.dialog(plain("runs.delete_title", run=run.id))(_confirm_delete)(run.id, children)
    if run.can_resume:
        st.button(
            t("runs.resume"),
            key="runs_resume",
            type="secondary" if run.adapter else "primary",
            icon=":material/play_arrow:",
            help=t("runs.resume_help"),
            on_click=watching.resume,
            args=(run.id,),
        )
    if run.adapter and exists("compare"):
        here = {watching.RUN: str(run.id)}
        if st.button(t("runs.evaluate"), key="runs_evaluate", icon=":material/balance:"):
            st.switch_page(link("verdict"), query_params=here)
        if st.button(
            t("runs.compare"), key="runs_compare", type="primary", icon=":material/compare:"
        ):
            st.switch_page(link("compare"), query_params=here)


def _stop(run: Run) -> None:
    with st.popover(t("runs.more"), icon=":material/more_horiz:", key=MORE, on_change="rerun"):
        if st.button(
            t("runs.discard"),
            key="runs_discard",
            icon=":material/cancel:",
            type="tertiary",
            on_click=_close_menu,
        ):
            st.dialog(plain("runs.discard_title", run=run.id))(_confirm_discard)(run.id)
    st.button(
        t("runs.pause_not" if run.is_pausing else "runs.pause"),
        key="runs_pause",
        icon=":material/resume:" if run.is_pausing else ":material/pause:",
        help=t("runs.pause_help"),
        disabled=run.state != "running",
        on_click=watching.pause,
        args=(run.id,),
        kwargs={"wanted": not run.is_pausing},
    )
    if st.button(
        t("runs.stop"),
        key="runs_stop",
        type="primary",
        icon=":material/stop_circle:",
        disabled=run.state == "stopping",
    ):
        st.dialog(plain("runs.stop_title"))(_confirm_stop)(run.id)


def _close_menu() -> None:
    """Close the menu, which would stay open over the dialog that asks."""
    st.session_state[MORE] = False


def _confirm_stop(run_id: int) -> None:
    """Ask before stopping, and say what is kept."""
    with guarded():
        run = watching.read(run_id)
        steps = run.progress.plan.steps if run.progress.plan else 0
        st.markdown(t("runs.stop_words", run=run.id, step=run.progress.step, steps=steps))
        if is_confirmed("runs_stop", t("runs.stop_confirm")):
            watching.stop(run.id)
            st.rerun()


def _confirm_discard(run_id: int) -> None:
    """Ask before ending a run unsaved: where it stands, what is kept of it, and what is not."""
    with guarded():
        run = watching.read(run_id)
        progress = run.progress
        steps = progress.plan.steps if progress.plan else 0
        st.markdown(
            t("runs.discard_words", run=run.id, title=run.title, step=progress.step, steps=steps)
        )
        saved = progress.checkpoints
        st.markdown(t("runs.discard_kept", saved=saved[-1][0]) if saved else t("runs.discard_none"))
        if is_confirmed("runs_discard", t("runs.discard")):
            watching.discard(run.id)
            st.rerun()


def _confirm_delete(run_id: int, children: Sequence[int]) -> None:
    """Name what is deleted, and what it leaves without its beginning."""
    with guarded():
        run, extent = watching.read(run_id), keeping.extent(run_id)
        st.markdown(
            t(
                "runs.delete_words",
                run=run_id,
                title=run.title,
                count=extent.checkpoints,
                size=size(extent.size_bytes),
            )
        )
        if children:
            st.caption(t("runs.delete_children", runs=", ".join(map(str, children))))
        if is_confirmed("runs_delete", t("runs.delete")):
            keeping.delete_run(run_id)
            st.rerun()
