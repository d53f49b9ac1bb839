"""All runs as a table, newest first; a button a row shows that run."""

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from dashboard import watching
from dashboard.format import duration, number, when
from dashboard.text import plain
from pipeline.train.state import Run

MOST_FULL = 12
"""So many rows are shown at once; more are scrolled."""


def run_table(runs: tuple[Run, ...], chosen: int) -> None:
    """Draw the table; the run that is shown is marked."""
    titles = {
        name: plain(f"runs.column_{name}")
        for name in ("title", "state", "export", "model", "loss", "validation", "time", "started")
    }
    rows = [_row(run, is_shown=run.id == chosen) for run in runs]
    st.dataframe(
        {name: [row[name] for row in rows] for name in rows[0]},
        key="runs_table",
        hide_index=True,
        height="content" if len(runs) <= MOST_FULL else 460,
        column_config={
            **titles,
            "run": st.column_config.NumberColumn(plain("runs.column_run"), width=60),
            "title": st.column_config.TextColumn(titles["title"], width="medium"),
            "open": st.column_config.ButtonColumn(
                "",
                key="runs_open",
                on_click=watching.open_row,
                args=([run.id for run in runs],),
                type="tertiary",
                width="small",
            ),
        },
        alt=plain("runs.all_alt"),
    )


def _row(run: Run, *, is_shown: bool) -> dict[str, object]:
    seconds = watching.seconds(run)
    started = run.started_at
    return {
        "run": run.id,
        "title": run.config.title,
        "state": plain(f"runs.state_{run.state}"),
        "export": Path(run.config.export).name,
        "model": Path(run.config.model).name,
        "loss": _loss(run.progress.steps.last("loss")),
        "validation": _loss(run.progress.validation[-1].value if run.progress.validation else None),
        "time": "–" if seconds is None else duration(seconds),
        "started": "–" if started is None else when(datetime.fromtimestamp(started, UTC)),
        "open": plain("runs.shown" if is_shown else "runs.show"),
    }


def _loss(value: float | None) -> str:
    return "–" if value is None else number(value, 3)
