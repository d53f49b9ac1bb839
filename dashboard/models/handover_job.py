"""A GGUF file being made, or a push under way, or how it ended."""

import streamlit as st

from dashboard.format import duration
from dashboard.guard import guarded
from dashboard.models import handing
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.handover.jobs import Job

REFRESH_S = 1.0
PHASES = ("loading", "converting", "checking", "pushing")


def handover_job(job: Job) -> None:
    """Draw a job until it is over, then how it ended, until it is dismissed."""
    if job.work.is_active:
        st.fragment(_live, run_every=REFRESH_S)(job.id)
        return
    if job.work.state == "failed":
        failure = job.work.failure
        st.error(literal(said(failure.message)) if failure else "", icon=":material/error:")
    elif address := job.result.get("address"):
        st.success(t("models.pushed", address=str(address)), icon=":material/cloud_done:")
    elif job.work.state == "finished":
        return
    else:
        st.info(t("models.job_stopped"), icon=":material/cancel:")
    st.button(
        t("models.merge_dismiss"),
        key=f"models_job_dismiss_{job.id}",
        on_click=handing.dismiss,
        args=(job.id,),
    )


def _live(job_id: int) -> None:
    with guarded():
        now = handing.read(job_id)
        if not now.work.is_active:
            st.rerun()
        phase = now.work.progress.phase
        words = t(f"models.job_{phase if phase in PHASES else 'loading'}")
        if now.work.started_at and now.work.progress.last_time:
            took = handing.seconds_since(now.work.started_at)
            words = f"{words} · {duration(took)}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/progress_activity: {words}", width="content")
            st.button(
                t("shell.cancel"),
                key=f"models_job_stop_{job_id}",
                type="tertiary",
                on_click=handing.stop,
                args=(job_id,),
            )
