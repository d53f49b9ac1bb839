"""Curves in a browser that take new points in and keep zoom, hidden lines and pointer.

Streamlit builds a Plotly chart anew with every new point, so zoom and hover end there (decision
170); these are drawn by uPlot, in panels over one axis that is zoomed and read in all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

from pipeline.train.curve import Axis, Curve

ASSETS = Path(__file__).resolve().parents[1] / "charts"
WIDE_HEIGHT, SMALL_HEIGHT = 300, 128
FALLBACK = ("#8b8d94", "#6373cc", "#2c7a4b", "#a3690a", "#8a4a8f", "#357f8f", "#b3382c")
"""Where the configuration names no colours."""

Format = Literal["number", "rate", "whole", "bytes"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel."""

    name: str
    curve: Curve
    colour: str
    width: float = 1.5
    is_dotted: bool = False
    """Its points are marked: it was measured at few steps."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share a y axis."""

    title: str
    lines: Sequence[Line]
    format: Format = "number"
    is_wide: bool = False


def curves(panels: Sequence[Panel], *, axis: Axis, end: float, spoken: str, key: str) -> None:
    """Draw the panels over one axis from 0 to `end` at least; `spoken` is for a screen reader."""
    places: list[list[float]] = []
    shown = [_panel(panel, places) for panel in panels]
    data = {
        "panels": shown, "places": places, "axis": axis, "end": end, "spoken": spoken, "key": key
    }  # fmt: skip
    _mount()(data=data, key=key)


def colours() -> tuple[str, ...]:
    """Return the theme's colours for lines; the first is the grey of a base."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    return tuple(st.get_option(f"theme.{kind}.chartCategoricalColors") or FALLBACK)


def plotter() -> None:
    """Bring uPlot to the browser, once a page: at its end, for it takes room and shows nothing."""
    _plotter()(key="graft_plotter")


@cache
def _mount() -> ComponentRenderer:
    return component(
        "graft_curves",
        html='<div class="curves" role="img"></div>',
        css=f"{_text('uPlot.min.css')}\n{_text('curves.css')}",
        js=_text("curves.js"),
    )


@cache
def _plotter() -> ComponentRenderer:
    script = (
        f"{_text('uPlot.iife.min.js')}\nglobalThis.graftPlot = uPlot;\nexport default () => {{}};"
    )
    return component("graft_plotter", js=script)


def _text(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _panel(panel: Panel, places: list[list[float]]) -> dict[str, object]:
    lines = []
    for line in panel.lines:
        if line.curve.x not in places:
            places.append(line.curve.x)
        lines.append(
            {
                "name": line.name,
                "at": places.index(line.curve.x),
                "y": line.curve.y,
                "colour": line.colour,
                "width": line.width,
                "dots": line.is_dotted,
                "dashed": line.is_dotted,
            }
        )
    return {
        "title": panel.title,
        "lines": lines,
        "format": panel.format,
        "wide": panel.is_wide,
        "height": WIDE_HEIGHT if panel.is_wide else SMALL_HEIGHT,
    }
