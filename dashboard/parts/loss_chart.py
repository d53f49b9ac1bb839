"""The loss of a run: every step faint, the smoothed line strong, validation as dots."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.format import number
from dashboard.text import plain
from dashboard.watching import Curves
from pipeline.train.curve import Point

HEIGHT = 300
# Neither grey nor accent nor a judgement: it must not read as base, adapter, good or broken.
_VALIDATION = "#b0722f"
FALLBACK = ("#8b8d94", "#6373cc")
"""Where the configuration names no colours."""


def loss_chart(curves: Curves, *, key: str) -> None:
    """Draw the curves over all planned steps, so that new points do not move the old ones."""
    grey, accent = _colours()
    figure = go.Figure()
    figure.add_trace(_line(curves.raw, plain("runs.loss_step"), colour=grey, width=1))
    figure.add_trace(_line(curves.smoothed, plain("runs.loss_smoothed"), colour=accent, width=2.5))
    figure.add_trace(_dots(curves.validation, plain("runs.loss_validation")))
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        xaxis={
            "title": {"text": plain("runs.axis_step")},
            "range": [0, curves.steps] if curves.steps else None,
        },
        yaxis={"title": {"text": plain("runs.axis_loss")}, "rangemode": "tozero"},
    )
    st.plotly_chart(
        figure,
        key=key,
        config={"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]},
        alt=_spoken(curves.smoothed, curves.validation),
    )


def _colours() -> tuple[str, str]:
    """Return the theme's grey and accent: Plotly 7 does not take them from Streamlit's theme."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    colours = st.get_option(f"theme.{kind}.chartCategoricalColors") or FALLBACK
    return colours[0], colours[1]


def _line(points: Sequence[Point], name: str, *, colour: str, width: float) -> go.Scatter:
    return go.Scatter(
        x=[step for step, _ in points],
        y=[loss for _, loss in points],
        name=name,
        mode="lines",
        line={"width": width, "color": colour},
        hovertemplate="%{y:.3f}",
    )


def _dots(points: Sequence[Point], name: str) -> go.Scatter:
    return go.Scatter(
        x=[step for step, _ in points],
        y=[loss for _, loss in points],
        name=name,
        mode="lines+markers",
        line={"width": 1.5, "dash": "dot", "color": _VALIDATION},
        marker={"size": 8, "color": _VALIDATION},
        hovertemplate="%{y:.3f}",
    )


def _spoken(smoothed: Sequence[Point], validation: Sequence[Point]) -> str:
    """What a screen reader says of the chart."""
    if not smoothed:
        return plain("runs.chart_alt_empty")
    last = validation[-1][1] if validation else None
    return plain(
        "runs.chart_alt",
        first=number(smoothed[0][1], 2),
        last=number(smoothed[-1][1], 2),
        validation="–" if last is None else number(last, 2),
    )
