"""A merge under way, or why it is refused; seen and stopped from every tab."""

import streamlit as st

from dashboard.format import duration
from dashboard.guard import guarded
from dashboard.models import modelling
from dashboard.models.equivalence import equivalence
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.merge.jobs import LOG_NAME, Merge
from pipeline.processes import log_tail

REFRESH_S = 1.0
PHASES = ("loading", "asking", "merging", "checking")


def merge_progress(merge: Merge) -> None:
    """Draw a merge until it is over, or how it ended where it made no model."""
    if merge.work.is_active:
        st.fragment(_live, run_every=REFRESH_S)(merge.id)
        return
    failure = merge.work.failure
    with st.container(border=True, key=f"models_failed_{merge.id}"):
        is_refused = failure is not None and failure.error == "refused"
        st.error(
            t("models.merge_refused" if is_refused else "models.merge_failed"),
            icon=":material/gpp_bad:" if is_refused else ":material/error:",
        )
        if failure:
            st.markdown(literal(said(failure.message)))
        if merge.merged:
            equivalence(merge.merged.equivalence, key=f"models_refused_{merge.id}")
        with st.expander(t("runs.log"), key=f"models_log_{merge.id}"):
            st.code("\n".join(log_tail(merge.folder / LOG_NAME)), language=None, wrap_lines=True)
        st.button(
            t("models.merge_dismiss"),
            key=f"models_dismiss_{merge.id}",
            on_click=modelling.dismiss,
            args=(merge.id,),
        )


def _live(merge_id: int) -> None:
    with guarded():
        now = modelling.read_merge(merge_id)
        if not now.work.is_active:
            st.rerun()
        phase = now.work.progress.phase
        done = PHASES.index(phase) + 0.5 if phase in PHASES else 0.0
        with st.container(border=True, key=f"models_merging_{merge_id}"):
            st.progress(done / len(PHASES), text=_words(now, phase))
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(t("models.merge_leave"), width="content")
                st.button(
                    t("shell.cancel"),
                    key=f"models_stop_{merge_id}",
                    type="tertiary",
                    disabled=now.work.state == "stopping",
                    on_click=modelling.stop,
                    args=(merge_id,),
                )


def _words(now: Merge, phase: str) -> str:
    if now.work.state == "queued":
        return t("queue.waits")
    if now.work.state == "stopping":
        return t("models.merge_stopping")
    words = t(f"models.phase_{phase if phase in PHASES else 'loading'}")
    if now.work.started_at and now.work.progress.last_time:
        took = max(now.work.progress.last_time - now.work.started_at, 0)
        return f"{words} · {duration(took)}"
    return words
