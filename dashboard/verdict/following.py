"""What follows from a verdict: whether it is followed, and opening Launch with a run prepared."""

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.launch import launching, preparing
from dashboard.pages import link
from dashboard.parts.settings_form import fill
from dashboard.text import plain
from pipeline.evaluate.advice import Advice
from pipeline.evaluate.config import run_of
from pipeline.train import checkpoints
from pipeline.train.state import Run

PREPARED = "verdict_prepared"


def is_used(model: str, step: int | None) -> bool:
    """Whether the run of a model stands for a checkpoint, or (None) for what it ended with."""
    return checkpoints.chosen_step(state.workspace().run(run_of(model))) == step


def prepare(run: Run, advice: Advice) -> None:
    """Fill the Launch form with what is advised and go there; nothing is started."""
    config = run.config
    preparing.take(config)
    form = {
        "launch_export": Path(config.export).name,
        "launch_layout": advice.layout,
        "launch_system": advice.system.policy,
        "launch_text": advice.system.text,
        "launch_title": plain("verdict.follow_up", run=str(run.id), change=advice.change)
        if advice.change
        else "",
    }
    if config.preset in launching.PRESET_NAMES:
        form["launch_preset"] = config.preset
    for name, value in form.items():
        st.session_state[name] = value
    fill(advice.settings)
    st.switch_page(link("launch"))
