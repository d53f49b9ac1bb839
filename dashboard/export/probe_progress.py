"""A probe under way, or how it ended before its end: seen and stopped from every tab."""

import time

import streamlit as st

from dashboard.export import probing
from dashboard.format import duration, percent
from dashboard.guard import guarded
from dashboard.parts.notices import problem
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.probe.jobs import Probe
from pipeline.processes import log_tail

REFRESH_S = 1.5


def probe_progress(probe: Probe, key: str) -> None:
    """Draw a probe that is not taken in yet; once it has finished its answers are."""
    if probe.work.is_active:
        st.fragment(_live, run_every=REFRESH_S)(probe.id, key)
    elif probe.work.is_finished:
        stopped_by = probing.take(probe)
        if not stopped_by:
            st.rerun()
        problem(stopped_by)
    else:
        _ended(probe, key)


def _live(probe_id: int, key: str) -> None:
    with guarded():
        now = probing.read(probe_id)
        if not now.work.is_active:
            st.rerun()
        st.progress(now.share, text=_how_far(now))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                t("probe.stop"),
                key=f"{key}_stop",
                icon=":material/stop:",
                disabled=now.work.state == "stopping",
                on_click=probing.stop,
                args=(probe_id,),
            )
            st.caption(t("probe.leave"), width="content")


def _how_far(now: Probe) -> str:
    progress = now.work.progress
    if now.work.state == "queued":
        return t("queue.waits")
    if now.work.state == "stopping":
        return t("probe.stopping")
    if not progress.done and progress.phase != "asking":
        return t("probe.loading")
    words = t("probe.progress", done=progress.done, total=now.config.answer_count)
    left = _seconds_left(now)
    parts = [percent(now.share), words]
    return " · ".join([*parts, t("probe.left", left=duration(left))] if left else parts)


def _seconds_left(now: Probe) -> float | None:
    """Return how long the missing answers take at the pace so far; None too early."""
    progress, started = now.work.progress, now.work.started_at
    if started is None or not progress.done:
        return None
    pace_s = max(time.time() - started, 0.0) / progress.done
    return (now.config.answer_count - progress.done) * pace_s


def _ended(probe: Probe, key: str) -> None:
    done, total = probe.work.progress.done, probe.config.answer_count
    if failure := probe.work.failure:
        st.error(f"{t('probe.failed')} {literal(said(failure.message))}", icon=":material/error:")
        with st.expander(t("probe.log"), key=f"{key}_log"):
            st.code("\n".join(log_tail(probe.folder / "probe.log")), language=None)
    else:
        st.info(t("probe.stopped", done=done, total=total), icon=":material/pause_circle:")
    st.button(
        t("probe.resume"),
        key=f"{key}_resume",
        icon=":material/play_arrow:",
        on_click=probing.resume,
        args=(probe.id,),
    )
