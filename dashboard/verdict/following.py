"""What follows from a verdict: using a checkpoint, and opening Launch with a run prepared."""

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from dashboard.launch import launching, preparing
from dashboard.pages import link
from dashboard.parts.notices import done
from dashboard.parts.settings_form import fill
from dashboard.text import plain, t
from pipeline.evaluate.advice import Advice
from pipeline.evaluate.config import run_of, step_of
from pipeline.evaluate.standing import Recommendation
from pipeline.train import checkpoints
from pipeline.train.state import Run

PREPARED = "verdict_prepared"


def is_used(found: Recommendation) -> bool:
    """Whether the run stands for the recommended weights already."""
    folder = state.workspace().run(run_of(found.model))
    chosen, step = checkpoints.chosen_step(folder), step_of(found.model)
    if step is None:  # What it stood for when it was asked.
        return True
    return chosen == step


@reaction
def use(model: str) -> None:
    """Let a run stand for a checkpoint wherever its adapter is used from now on."""
    run, step = run_of(model), step_of(model)
    checkpoints.choose(state.workspace().run(run), step)
    done(t("verdict.now_used", run=str(run), step=step or 0))


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
