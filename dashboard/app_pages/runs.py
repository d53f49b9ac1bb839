"""Runs: what is training, what happened, why."""

from collections.abc import Sequence

import streamlit as st

from dashboard import curving, watching
from dashboard.guard import guarded, words
from dashboard.parts.curves import curves, plotter
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.run_card import figures, head, progress_line
from dashboard.runs import overlaying
from dashboard.runs.actions import run_actions
from dashboard.runs.axis import axis_choice
from dashboard.runs.details import run_details
from dashboard.runs.failure import how_it_failed
from dashboard.runs.lineage import lineage
from dashboard.runs.log import warnings
from dashboard.runs.overlay import overlay_card
from dashboard.runs.queue import queue_section
from dashboard.runs.table import run_table
from dashboard.text import literal, t
from pipeline.train.state import Run

REFRESH_S = 2


def draw_live(run_id: int) -> None:
    """Draw what changes while a run trains; once its state changes the whole page is drawn."""
    with guarded():
        run = watching.read(run_id)
        if watching.has_turned(run):
            st.rerun()
        progress_line(run)
        figures(run)
        over = axis_choice()
        curves(
            curving.of_run(run, over),
            axis=over,
            end=curving.end([run], over),
            spoken=curving.spoken(run),
            key=f"runs_curves_{run.id}",
        )
        warnings(run)


def draw_run(run: Run, listed: Sequence[Run]) -> None:
    """Draw the card of one run."""
    with st.container(border=True, key="runs_card"):
        head(run)
        lineage(run, listed)
        if run.failure:
            how_it_failed(run, run.failure)
        st.fragment(draw_live, run_every=REFRESH_S if run.is_active else None)(run.id)
        run_details(run)


header = page_header("runs")
runs = watching.listed()
if not runs:
    with empty_state(t("runs.empty"), "monitoring"):
        to_page("launch", t("runs.launch"))
    st.stop()

overlay = overlaying.shown(runs)
chosen = None
if overlay:
    overlay_card(overlay)
else:
    choice = watching.chosen(runs)
    chosen = choice.run_id
    if choice.missing:
        st.caption(t("runs.gone", run=choice.missing))
    run = next(each for each in runs if each.id == chosen)
    watching.saw(run)
    with header:
        run_actions(run, runs)
    draw_run(run, runs)

queue_section()
st.subheader(t("runs.all"), anchor=False)
for fact in watching.damaged():
    st.caption(f":orange[:material/warning: {literal(words(fact))}]")
run_table(runs, chosen)
plotter()
