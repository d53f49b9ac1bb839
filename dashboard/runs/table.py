"""All runs as a table, newest first: a row shows its run, marked rows lie over one another."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from dashboard import watching
from dashboard.format import duration, number, when
from dashboard.runs import overlaying
from dashboard.text import plain, t
from pipeline.train.state import Run

MOST_FULL = 12
"""So many rows are shown at once; more are scrolled."""


def run_table(runs: Sequence[Run], chosen: int | None) -> None:
    """Draw the table; the run that is shown is marked."""
    run_ids = [run.id for run in runs]
    acts = st.container(horizontal=True, vertical_alignment="bottom")
    titles = {
        name: plain(f"runs.column_{name}")
        for name in ("title", "state", "export", "model", "loss", "validation", "time", "started")
    }
    rows = [_row(run, is_shown=run.id == chosen) for run in runs]
    picked = st.dataframe(
        {name: [row[name] for row in rows] for name in rows[0]},
        key="runs_table",
        hide_index=True,
        height="content" if len(runs) <= MOST_FULL else 460,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            **titles,
            "run": st.column_config.NumberColumn(plain("runs.column_run"), width=60),
            "title": st.column_config.TextColumn(titles["title"], width="medium"),
            "open": st.column_config.ButtonColumn(
                "",
                key="runs_open",
                on_click=watching.open_row,
                args=(run_ids,),
                type="tertiary",
                width="small",
            ),
        },
        alt=plain("runs.all_alt"),
    )
    with acts:
        _acts(runs, run_ids, len(picked.selection.rows))


def _acts(runs: Sequence[Run], run_ids: list[int], marked: int) -> None:
    st.button(
        t("runs.overlay_open", count=marked) if marked > 1 else t("runs.overlay_mark"),
        key="runs_overlay_open",
        icon=":material/stacked_line_chart:",
        disabled=marked < 2,
        on_click=overlaying.open_picked,
        args=(run_ids,),
    )
    if studies := overlaying.studies(runs):
        key = "runs_study"
        st.selectbox(
            t("runs.study"),
            studies,
            index=None,
            placeholder=plain("runs.study"),
            key=key,
            label_visibility="collapsed",
            width=280,
            on_change=overlaying.open_study,
            args=(key,),
        )


def _row(run: Run, *, is_shown: bool) -> dict[str, object]:
    seconds = watching.seconds(run)
    started = run.started_at
    validation = run.progress.validation[-1].value if run.progress.validation else None
    return {
        "run": run.id,
        "title": run.title,
        "state": plain(f"runs.state_{run.state}"),
        "export": Path(run.config.export).name,
        "model": Path(run.config.model).name,
        "loss": _loss(run.progress.steps.last("loss")),
        "validation": _loss(validation),
        "time": "–" if seconds is None else duration(seconds),
        "started": "–" if started is None else when(datetime.fromtimestamp(started, UTC)),
        "open": plain("runs.shown" if is_shown else "runs.show"),
    }


def _loss(value: float | None) -> str:
    return "–" if value is None else number(value, 3)
