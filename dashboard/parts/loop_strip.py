"""The loop: a slim strip above each page, and large on the overview."""

import streamlit as st

from dashboard.format import shortened
from dashboard.loop import Step, StepState
from dashboard.pages import exists, link
from dashboard.text import t

ICONS: dict[StepState, str] = {
    "todo": "radio_button_unchecked",
    "look": "error",
    "active": "progress_activity",
    "done": "check_circle",
}
COLOURS: dict[StepState, str] = {
    "todo": "gray",
    "look": "orange",
    "active": "primary",
    "done": "green",
}

_INDENT = "&ensp;"
"""A link has this much room at its left; what stands under it lines up."""
_LONGEST_NAME = 16
"""Letters of a name that fit under a step."""


def strip(steps: tuple[Step, ...]) -> None:
    """Draw the six steps in one row, each a link to its page where that page is there."""
    with st.container(key="loop_strip", border=True, gap=None):
        for column, step in zip(st.columns(len(steps), gap="small"), steps, strict=True):
            with column.container(gap=None):
                _step_link(step)
                st.caption(_words(step))


def large(steps: tuple[Step, ...]) -> None:
    """Draw the six steps as cards."""
    grid = st.grid(len(steps), min_column_width=120, gap="small", border=True, key="loop_large")
    for number, step in enumerate(steps, start=1):
        with grid.cell(), st.container(gap="xsmall"):
            st.caption(f"{_INDENT}{t('loop.step_number', number=number)}")
            _step_link(step)
            st.caption(_words(step))


def state_mark(state: StepState) -> str:
    """Return the icon of a state in its colour, as Markdown."""
    return f":{COLOURS[state]}[:material/{ICONS[state]}:]"


def _step_link(step: Step) -> None:
    label = f"{state_mark(step.state)} **{t(f'shell.step_{step.name}')}**"
    if exists(step.page):
        st.page_link(link(step.page), label=label, icon="", help=t(f"shell.state_{step.state}"))
    else:
        st.markdown(label)


def _words(step: Step) -> str:
    """How a step stands, in a line or two, each in line with the link above."""
    values = {
        key: shortened(value, _LONGEST_NAME) if isinstance(value, str) else value
        for key, value in step.values.items()
    }
    return "  \n".join(_INDENT + line for line in t(f"loop.{step.words}", **values).split("\n"))
