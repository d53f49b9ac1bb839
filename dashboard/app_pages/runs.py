"""Runs: what is training, what happened, why."""

import streamlit as st

from dashboard import curving, watching
from dashboard.guard import guarded
from dashboard.pages import exists, link
from dashboard.parts.axis import axis_choice
from dashboard.parts.curves import curves, plotter
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.run_card import figures, head, how_it_failed, progress_line, settings
from dashboard.parts.run_table import run_table
from dashboard.text import literal, plain, t
from pipeline.processes import log_tail
from pipeline.train.state import LOG_NAME, Run

REFRESH_S = 2
LOG_LINES = 200


def draw_live(run_id: int) -> None:
    """Draw what changes while a run trains; once its state changes the whole page is drawn."""
    with guarded():
        run = watching.read(run_id)
        if watching.has_turned(run):
            st.rerun()
        progress_line(run)
        figures(run)
        draw_chart(run)
        draw_log(run)


def draw_chart(run: Run) -> None:
    """Draw the curves over steps, tokens or time."""
    over = axis_choice()
    curves(
        curving.of_run(run, over),
        axis=over,
        end=curving.end([run], over),
        spoken=curving.spoken(run),
        key=f"runs_curves_{run.id}",
    )


def draw_log(run: Run) -> None:
    """Draw the end of the log in a box of one height, so that nothing below it moves."""
    if warnings := run.progress.warnings:
        with st.expander(
            t("runs.warnings", count=len(warnings)),
            icon=":material/warning:",
            key=f"runs_warnings_{run.id}",
        ):
            for message in warnings:
                st.text(message)
    with st.expander(t("runs.log"), icon=":material/article:", key=f"runs_log_{run.id}"):
        words = "\n".join(log_tail(run.folder / LOG_NAME, LOG_LINES)) or plain("runs.log_none")
        st.code(words, language=None, wrap_lines=True, height=220)


def draw_actions(run: Run) -> None:
    """Draw what can be done with the run: stop it, go on with it, or use its adapter."""
    if run.is_active:
        if st.button(
            t("runs.stop"),
            key="runs_stop",
            type="primary",
            icon=":material/stop_circle:",
            disabled=run.state == "stopping",
        ):
            st.dialog(plain("runs.stop_title"))(confirm_stop)(run.id)
        return
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


def confirm_stop(run_id: int) -> None:
    """Ask before stopping, and say what is kept."""
    with guarded():
        run = watching.read(run_id)
        steps = run.progress.plan.steps if run.progress.plan else 0
        st.markdown(t("runs.stop_words", run=run.id, step=run.progress.step, steps=steps))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(t("shell.cancel"), key="runs_stop_cancel"):
                st.rerun()
            if st.button(t("runs.stop_confirm"), key="runs_stop_confirm", type="primary"):
                watching.stop(run.id)
                st.rerun()


header = page_header("runs")
runs = watching.listed()
if not runs:
    with empty_state(t("runs.empty"), "monitoring"):
        to_page("launch", t("runs.launch"))
    st.stop()

choice = watching.chosen(runs)
if choice.missing:
    st.caption(t("runs.gone", run=choice.missing))
run = next(each for each in runs if each.id == choice.run_id)
watching.saw(run)
with header:
    draw_actions(run)
with st.container(border=True, key="runs_card"):
    head(run)
    if run.failure:
        how_it_failed(run, run.failure)
    st.fragment(draw_live, run_every=REFRESH_S if run.is_active else None)(run.id)
    settings(run)

st.subheader(t("runs.all"), anchor=False)
for fact in watching.damaged():
    st.caption(f":orange[:material/warning: {literal(str(fact))}]")
run_table(runs, run.id)
plotter()
