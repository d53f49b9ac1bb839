"""What each model learned against what it kept: a dot a checkpoint, with the frontier drawn."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.format import percent
from dashboard.parts.curves import colours
from dashboard.text import plain
from pipeline.evaluate.config import BASE, run_of, step_of
from pipeline.evaluate.standing import Standing
from pipeline.evaluate.statistics import Score

HEIGHT = 360
_CONFIG = {"displayModeBar": False}
_AROUND = ("top left", "bottom right", "top right", "bottom left")


def standing_chart(
    standings: Sequence[Standing], names: Mapping[str, str], recommended: str | None
) -> None:
    """Draw the models that have both figures; the recommended one has a ring."""
    known = [each for each in standings if each.learned.n and each.kept.n]
    figure = go.Figure()
    frontier = sorted(
        (each for each in known if each.is_on_frontier), key=lambda each: each.kept.value or 0.0
    )
    figure.add_trace(
        go.Scatter(
            x=[_hundred(each.kept) for each in frontier],
            y=[_hundred(each.learned) for each in frontier],
            mode="lines",
            line={"color": colours()[0], "dash": "dot", "width": 1.5},
            hoverinfo="skip",
        )
    )
    # From left to right: the labels of neighbours stand at other sides of their dots.
    for place, each in enumerate(sorted(known, key=lambda each: each.kept.value or 0.0)):
        dot = _dot(each, names[each.model], is_ringed=each.model == recommended)
        figure.add_trace(dot.update(textposition=_AROUND[place % len(_AROUND)]))
    figure.update_layout(
        height=HEIGHT,
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": plain("verdict.kept_axis"), "ticksuffix": " %", "range": _reach(known)},
        yaxis={
            "title": plain("verdict.learned_axis"),
            "ticksuffix": " %",
            "range": [-9, 112],
            "tickvals": [0, 20, 40, 60, 80, 100],
        },
    )
    spoken = "; ".join(
        plain(
            "verdict.standing",
            model=names[each.model],
            learned=percent(each.learned.value or 0.0),
            kept=percent(each.kept.value or 0.0),
        )
        for each in known
    )
    st.plotly_chart(figure, key="verdict_standing", config=_CONFIG, alt=spoken)


def _dot(each: Standing, name: str, *, is_ringed: bool) -> go.Scatter:
    """A model with its intervals: a small dot for a checkpoint, larger for a run's own weights."""
    is_base = each.model == BASE
    palette = colours()
    colour = palette[0] if is_base else palette[1 + run_of(each.model) % (len(palette) - 1)]
    step = None if is_base else step_of(each.model)
    return go.Scatter(
        x=[_hundred(each.kept)],
        y=[_hundred(each.learned)],
        error_x=_spread(each.kept, colour),
        error_y=_spread(each.learned, colour),
        mode="markers+text",
        marker={
            "color": colour,
            "size": 9 if step else 13,
            "line": {"color": palette[0], "width": 0},
            "symbol": "circle" if not is_ringed else "star",
        },
        text=[_label(each.model, name)],
        textfont={"color": colour},
        customdata=[
            plain(
                "verdict.standing",
                model=name,
                learned=percent(each.learned.value or 0.0),
                kept=percent(each.kept.value or 0.0),
            )
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _label(model: str, name: str) -> str:
    """A word or two beside a dot."""
    if model == BASE:
        return name
    step = step_of(model)
    run = plain("compare.run", run=str(run_of(model)))
    return run if step is None else plain("verdict.step_short", step=step)


def _spread(score: Score, colour: str) -> dict[str, object]:
    value = score.value or 0.0
    return {
        "type": "data",
        "symmetric": False,
        "array": [((score.high or value) - value) * 100],
        "arrayminus": [(value - (score.low or 0.0)) * 100],
        "color": colour,
        "thickness": 1,
        "width": 0,
    }


def _reach(known: Sequence[Standing]) -> list[float]:
    lowest = min((each.kept.low or 0.0 for each in known), default=0.0)
    return [lowest * 100 - 14, 110]


def _hundred(score: Score) -> float:
    return (score.value or 0.0) * 100
