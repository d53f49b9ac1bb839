"""Several runs over one another: their curves, and a table of what differs and how they ended."""

from collections.abc import Sequence

import streamlit as st

from dashboard import curving, watching
from dashboard.guard import guarded
from dashboard.parts.curves import curves
from dashboard.runs import overlaying
from dashboard.runs.axis import axis_choice
from dashboard.runs.overlaying import Overlay
from dashboard.text import plain, t
from pipeline.train.state import Run

REFRESH_S = 3


def overlay_card(overlay: Overlay) -> None:
    """Draw the card; it moves by itself while one of the runs trains."""
    with st.container(border=True, key="runs_overlay"):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = (
                t("runs.study_title", study=overlay.study)
                if overlay.study
                else t("runs.overlay_title", count=len(overlay.runs))
            )
            st.markdown(f"#### {words}", width="stretch")
            st.button(
                t("runs.overlay_close"),
                key="runs_overlay_close",
                icon=":material/close:",
                type="tertiary",
                on_click=overlaying.close,
            )
        if overlay.left_out:
            st.caption(t("runs.overlay_left_out", count=overlay.left_out, most=overlaying.MOST))
        live = REFRESH_S if overlaying.is_live(overlay.runs) else None
        st.fragment(_live, run_every=live)(overlay.runs)


def _live(drawn: Sequence[Run]) -> None:
    """Draw the runs as they are now; where one is in another state the whole page is drawn."""
    with guarded():
        runs = [watching.read(run.id) for run in drawn]
        if [run.state for run in runs] != [run.state for run in drawn]:
            st.rerun()
        over = axis_choice()
        curves(
            curving.of_runs(runs, over),
            axis=over,
            end=curving.end(runs, over),
            spoken=plain("runs.overlay_alt", runs=", ".join(str(run.id) for run in runs)),
            key="runs_curves_overlay",
        )
        st.dataframe(
            overlaying.table(runs),
            key="runs_differences",
            hide_index=True,
            height="content",
            column_config={"": st.column_config.ImageColumn("", width=40)},
            alt=plain("runs.differences_alt"),
        )
        st.caption(t("runs.differences_words"))
