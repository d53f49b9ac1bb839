"""Overview: where the person is and what to do next."""

import streamlit as st

from dashboard import state, watching
from dashboard.guard import guarded, reaction
from dashboard.loop import next_step, read_facts, steps
from dashboard.pages import exists, link
from dashboard.parts.activity import activity
from dashboard.parts.chips import role_chip
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.loop_strip import large
from dashboard.parts.notices import done
from dashboard.parts.run_card import head, progress_line
from dashboard.parts.scores import three_figures
from dashboard.runs import queueing
from dashboard.text import literal, t
from dashboard.verdict import evaluating
from pipeline.evaluate.state import Evaluation
from store import datasets, history

RECENT = 8
REFRESH_S = 3


@reaction
def undo(action_id: int) -> None:
    """Undo the last action."""
    history.undo(state.store(), action_id)
    done(t("overview.undone"))


def draw_running(run_id: int) -> None:
    """Draw how far a run is; the page is drawn anew when it is over."""
    with guarded():
        run = watching.read(run_id)
        if not run.is_active:
            st.rerun()
        head(run)
        progress_line(run)


def draw_verdict(evaluation: Evaluation) -> None:
    """Draw what an evaluation found of the last adapter that it asked."""
    shown = evaluating.shown(evaluation)
    adapter = shown.report.models[-1].model
    with st.container(border=True, key="overview_verdict", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(t("overview.verdict", name=shown.names[adapter]), anchor=False)
            to_page("verdict", t("overview.read_verdict"), {"evaluation": str(evaluation.id)})
        three_figures(shown.report, adapter)


runs = watching.active()
waiting = queueing.waiting_count()
facts = read_facts(state.store(), state.workspace(), running=len(runs), waiting=waiting)
ahead = next_step(facts)

with page_header("overview"):
    if exists(ahead.page) and st.button(
        t(f"loop.next_{ahead.kind}", **ahead.values),
        type="primary",
        icon=":material/arrow_forward:",
        icon_position="right",
        key="overview_next",
    ):
        st.switch_page(link(ahead.page))

with st.container(border=True, key="overview_reason", gap="xsmall"):
    st.caption(t("overview.next"))
    st.subheader(t(f"loop.next_{ahead.kind}", **ahead.values), anchor=False)
    st.markdown(t(f"loop.why_{ahead.kind}", **ahead.values), width=640)

for run in runs:
    with st.container(border=True, key=f"overview_run_{run.id}", gap="xsmall"):
        st.fragment(draw_running, run_every=REFRESH_S)(run.id)
large(steps(facts))
st.space("small")

if verdict := evaluating.latest():
    with guarded():
        draw_verdict(verdict)
    st.space("small")

left, right = st.columns(2, gap="large")
with left:
    st.subheader(t("overview.datasets"), anchor=False)
    summaries = datasets.summaries(state.store())
    if not summaries:
        st.caption(t("overview.datasets_none"))
    for summary in summaries:
        with st.container(gap=None):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{literal(summary.dataset.name)}**", width="content")
                role_chip(summary.dataset.role)
            st.caption(
                t(
                    "overview.dataset_words",
                    count=summary.total,
                    accepted=summary.accepted,
                    unreviewed=summary.unreviewed,
                )
            )

with right:
    st.subheader(t("overview.recent"), anchor=False)
    activity(history.latest(state.store(), count=RECENT))
    if last := history.last_undoable(state.store()):
        st.button(
            t("shell.undo"),
            key="overview_undo",
            icon=":material/undo:",
            on_click=undo,
            args=(last.id,),
        )
    else:
        st.caption(t("overview.recent_none"))
