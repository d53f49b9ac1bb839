"""What the study part of the Launch page works with: what varies, the runs of it, their start.

Holds session state under names that start with `study_`; it draws nothing.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from dashboard.launch import launch_facts, launching
from dashboard.launch.launching import Export
from dashboard.pages import link
from dashboard.parts.notices import done
from dashboard.runs import overlaying
from dashboard.text import t
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel
from pipeline.train import preflight, study
from pipeline.train.presets import PRESETS
from pipeline.train.request import LaunchRequest
from pipeline.train.study import Varied

IS_STUDY, NAME = "study_open", "study_name"
OFFERED: dict[str, tuple[str, ...]] = {
    "layout": ("format2", "format3"),
    "preset": tuple(each.name for each in PRESETS if each.name != "continue"),
    "learning_rate": ("5e-5", "1e-4", "2e-4", "5e-4", "1e-3"),
    "rank": ("8", "16", "32", "64"),
    "epochs": ("3", "5", "8", "10"),
    "seed": ("1", "2", "3"),
}
"""What the form offers to vary, with the values that it starts with."""
STARTED = "study_started"


@dataclass(frozen=True, slots=True)
class Planned:
    """The runs that a study would make."""

    requests: tuple[LaunchRequest, ...] = ()
    seconds: float | None = None
    """All of them, one after another; None where nothing tells."""
    fault: str = ""

    @property
    def may_start(self) -> bool:
        """Whether there is more than one run, and each of them can be."""
        return len(self.requests) > 1 and not self.fault


def key_of(name: str) -> str:
    """Return the key under which the session holds the values of what varies."""
    return f"study_{name}"


def is_open() -> bool:
    """Whether the form describes a study and not one run."""
    return bool(st.session_state.get(IS_STUDY))


def planned(model: BaseModel, export: Export) -> Planned:
    """Return the runs that the form describes, with how long they will take."""
    try:
        made = _requests(model, export)
    except PipelineError as fact:
        return Planned(fault=words(fact))
    took = [preflight.seconds(launch_facts.gathered(each, model)) for each in made]
    known = [each for each in took if each is not None]
    return Planned(tuple(made), sum(known) if len(known) == len(took) else None)


@reaction
def start(model: BaseModel, export: Export) -> None:
    """Start or queue the runs of the study; the same form makes them once."""
    wanted = _requests(model, export)
    study.launch(state.workspace(), wanted)
    st.session_state[STARTED] = (wanted[0].study, len(wanted))


def go_on() -> None:
    """Go to the runs that were just started, laid over one another; the next ones are others."""
    started = st.session_state.pop(STARTED, None)
    if started is None:
        return
    name, count = started
    launching.renew()
    done(t("study.started", count=count))
    st.switch_page(link("runs"), query_params={overlaying.STUDY: name})


def _requests(model: BaseModel, export: Export) -> list[LaunchRequest]:
    base = launching.request(model, export)
    name = str(st.session_state.get(NAME) or "").strip() or f"{export.name}"
    chosen = [
        Varied(each, tuple(st.session_state[key_of(each)]))
        for each in OFFERED
        if st.session_state.get(key_of(each))
    ]
    return study.requests(base, name, chosen)
