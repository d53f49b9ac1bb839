"""What the charts of the Runs page draw: the curves of one run, or of several over one another."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from dashboard.format import number
from dashboard.parts.curves import Format, Line, Panel, colours
from dashboard.text import plain
from pipeline.train import curve
from pipeline.train.curve import AXES, Axis, Curve
from pipeline.train.events import Progress
from pipeline.train.state import Run
from pipeline.train.steps import Measure
from store.types import Role

AXIS = "axis"
ROLES: tuple[Role, ...] = get_args(Role)
SMALL: tuple[tuple[Measure, str, Format], ...] = (
    ("lr", "rate", "rate"),
    ("grad_norm", "grad_norm", "number"),
    ("tokens_per_second", "speed", "whole"),
    ("memory_bytes", "memory", "bytes"),
    ("host_memory_bytes", "host_memory", "bytes"),
)
"""The panels below the loss: measure, name of its words, how values are written."""
# Neither grey nor accent nor a judgement: it must not read as base, adapter, good or broken.
_VALIDATION = "#b0722f"
_ROLE_PLACES = (4, 5, 2)
_RUN_PLACES = (1, 5, 4, 3, 2, 6, 0)
"""The theme's colours for runs: the accent first, the grey of a base last."""


def axis() -> Axis:
    """Return over what the curves are drawn, as the address says."""
    asked = st.query_params.get(AXIS, "")
    return next((each for each in AXES if each == asked), AXES[0])


def of_run(run: Run, over: Axis) -> tuple[Panel, ...]:
    """Return the panels of one run: its losses, and below what else was measured."""
    progress = run.progress
    names: tuple[Measure, ...] = ("loss", *(each[0] for each in SMALL))
    found = curve.measured(progress, names, over)
    palette = colours()
    losses = [
        Line(plain("runs.loss_step"), found["loss"], palette[0], 1),
        Line(plain("runs.loss_smoothed"), _smoothed(progress, found["loss"]), palette[1], 2.5),
        Line(plain("runs.loss_validation"), _validation(progress, over), _VALIDATION, 1.5, True),
        *_roles(progress, over, palette),
    ]
    small = [
        _small(plain(f"runs.metric_{words_of(run, words)}"), found[name], form, palette[1])
        for name, words, form in SMALL
        if any(value is not None for value in found[name].y)
        or not (found[name].y or name == "host_memory_bytes")
    ]
    return Panel(plain("runs.axis_loss"), losses, is_wide=True), *small


def of_runs(runs: Sequence[Run], over: Axis) -> tuple[Panel, ...]:
    """Return two panels that lay several runs over one another: smoothed and validation loss."""
    trained, validated = [], []
    for place, run in enumerate(runs):
        name, colour = plain("runs.name", run=run.id), colour_of(place)
        loss = curve.measured(run.progress, ("loss",), over)["loss"]
        trained.append(Line(name, _smoothed(run.progress, loss), colour, 2))
        validated.append(Line(name, _validation(run.progress, over), colour, 1.5, True))
    return (
        Panel(plain("runs.overlay_training"), trained, is_wide=True),
        Panel(plain("runs.overlay_validation"), validated, is_wide=True),
    )


def end(runs: Sequence[Run], over: Axis) -> float:
    """Return where the axis ends by plan, so that new points do not move the old ones; 0: open."""
    plans = [run.progress.plan for run in runs if run.progress.plan]
    if over == "step":
        return max((float(plan.steps) for plan in plans), default=0.0)
    if over == "tokens":
        return max((float(plan.train_tokens * plan.epochs) for plan in plans), default=0.0)
    return 0.0


def words_of(run: Run, name: str) -> str:
    """Return the name of a measure's words: what a GPU holds is not called memory alone."""
    return "gpu_memory" if name == "memory" and run.config.device.startswith("cuda") else name


def spoken(run: Run) -> str:
    """Return what a screen reader says of a run's curves."""
    progress = run.progress
    loss, first = progress.steps.last("loss"), progress.steps.columns["loss"][:1]
    if loss is None or not first:
        return plain("runs.chart_alt_empty")
    validation = progress.validation[-1].value if progress.validation else None
    return plain(
        "runs.chart_alt",
        first=number(first[0], 2),
        last=number(loss, 2),
        validation="–" if validation is None else number(validation, 2),
    )


def colour_of(place: int) -> str:
    """Return the colour of the run that stands at a place of an overlay."""
    palette = colours()
    return palette[_RUN_PLACES[place % len(_RUN_PLACES)] % len(palette)]


def _small(title: str, drawn: Curve, form: Format, colour: str) -> Panel:
    return Panel(title, [Line(title, drawn, colour)], form)


def _smoothed(progress: Progress, loss: Curve) -> Curve:
    steps = progress.plan.steps if progress.plan else 0
    return Curve(loss.x, curve.smooth(loss.y, curve.span(steps, len(progress.steps))))


def _validation(progress: Progress, over: Axis) -> Curve:
    return curve.validated(progress, progress.validation, over)


def _roles(progress: Progress, over: Axis, palette: Sequence[str]) -> list[Line]:
    """The validation loss of each role; of a single one it is the whole's."""
    told = [role for role in ROLES if progress.by_role.get(role)]
    if len(told) < 2:
        return []
    return [
        Line(
            plain(f"shell.role_{role}"),
            curve.validated(progress, progress.by_role[role], over),
            palette[_ROLE_PLACES[ROLES.index(role)] % len(palette)],
            1,
            True,
        )
        for role in told
    ]
