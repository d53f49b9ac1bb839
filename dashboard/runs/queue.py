"""The queue: what waits for a device, in order, with the reason; moved and cancelled here."""

import streamlit as st

from dashboard.guard import guarded
from dashboard.parts.chips import chip
from dashboard.runs import queueing
from dashboard.runs.queueing import Row
from dashboard.text import literal, t
from pipeline.queue.line import Job
from pipeline.train.state import Run

REFRESH_S = 3
MOST_ROWS = 20


def queue_section() -> None:
    """Draw the queue while something waits; nothing otherwise."""
    if queueing.waiting_count():
        st.fragment(_live, run_every=REFRESH_S)()


def leave_button(run: Run) -> None:
    """Draw the button that takes a waiting run out of the queue."""
    st.button(
        t("queue.leave_queue"),
        key="queue_leave",
        icon=":material/close:",
        help=t("queue.cancel"),
        on_click=queueing.cancel,
        args=(Job("run", run.id, run.folder),),
    )


def _live() -> None:
    with guarded():
        found = queueing.rows(queueing.read())
        if not found:
            st.rerun()
        st.subheader(t("queue.title", count=len(found)), anchor=False)
        with st.container(border=True, key="queue_list", gap="small"):
            for row in found[:MOST_ROWS]:
                _row(row)
            if len(found) > MOST_ROWS:
                st.caption(t("queue.more", count=len(found) - MOST_ROWS))
        st.caption(t("queue.leave"))


def _row(row: Row) -> None:
    job, entry = row.waiting.job, row.waiting.entry
    with st.container(
        key=f"queue_row_{row.key}",
        horizontal=True,
        vertical_alignment="center",
        gap="small",
    ):
        with st.container(gap=None):
            st.markdown(
                t(
                    "queue.line",
                    position=row.waiting.position,
                    name=queueing.name(job),
                    title=row.title,
                )
            )
            st.caption(literal(f"{row.why} {row.start}"))
        if entry.order.priority != "normal":
            chip(t(f"queue.priority_{entry.order.priority}"), "flag", "gray")
        chip(literal(entry.worker.device), "memory", "gray")
        _buttons(row)


def _buttons(row: Row) -> None:
    folder = row.waiting.job.folder
    buttons = (
        ("first", "vertical_align_top", row.can_rise),
        ("up", "arrow_upward", row.can_rise),
        ("down", "arrow_downward", row.can_fall),
    )
    for to, icon, is_possible in buttons:
        st.button(
            "",
            key=f"queue_{to}_{row.key}",
            icon=f":material/{icon}:",
            help=t(f"queue.move_{to}"),
            type="tertiary",
            disabled=not is_possible,
            on_click=queueing.move,
            args=(folder, to),
        )
    st.button(
        "",
        key=f"queue_cancel_{row.key}",
        icon=":material/close:",
        help=t("queue.cancel"),
        type="tertiary",
        on_click=queueing.cancel,
        args=(row.waiting.job,),
    )
