"""Preparing the Launch form from a run: what it was made of, and the adapter that is continued.

Holds session state under names that start with `launch_`; it draws nothing.
"""

from pathlib import Path

import streamlit as st

from dashboard import state, watching
from dashboard.guard import reaction
from dashboard.launch import placing
from dashboard.parts.settings_form import fill
from pipeline.models import catalog
from pipeline.models.catalog import BaseModel
from pipeline.train import checkpoints, continuing
from pipeline.train.config import TrainConfig
from pipeline.train.presets import preset

BY_PATH = ""
"""The choice of a model by its path, among names of models."""
PARENT, CHECKPOINT, TAKEN = "launch_parent", "launch_checkpoint", "launch_taken"


def take(config: TrainConfig) -> None:
    """Choose what a run was made of, but for its export, its settings and its parent."""
    model = Path(config.model)
    is_here = any(each.folder == model for each in catalog.listed(state.workspace()))
    st.session_state["launch_model"] = model.name if is_here else BY_PATH
    st.session_state["launch_path"] = "" if is_here else config.model
    st.session_state["launch_layout"] = config.layout
    st.session_state["launch_system"] = config.system_prompt.policy
    st.session_state["launch_text"] = config.system_prompt.text
    placing.take(config)


def continuable(model: BaseModel | None) -> dict[int, Path]:
    """Return the runs on a base whose adapter can be continued, the newest first.

    A run that the address named with a checkpoint is continued from that.
    """
    if model is None:
        return {}
    picked = st.session_state.get(CHECKPOINT, {})
    return {
        run.id: adapter
        for run in watching.listed()
        if run.config.model == str(model.folder)
        and (adapter := picked.get(run.id, run.adapter)) is not None
    }


@reaction
def take_address() -> None:
    """Prepare the form for the run, and perhaps its checkpoint, that the address names; once."""
    asked = (st.query_params.get("from", ""), st.query_params.get("checkpoint", ""))
    if not asked[0].isdecimal() or st.session_state.get(TAKEN) == asked:
        return
    st.session_state[TAKEN] = asked
    run = watching.read(int(asked[0]))
    step = checkpoints.step_in(asked[1])
    if step is not None:
        st.session_state[CHECKPOINT] = {run.id: checkpoints.adapter_at(run.folder, step)}
    take(run.config)
    st.session_state[PARENT] = run.id
    take_parent(catalog.read(Path(run.config.model)))


def continued(model: BaseModel | None) -> tuple[int | None, Path | None]:
    """Return the run that the form continues, and its adapter's folder; None where none."""
    run_id = int(st.session_state.get(PARENT) or 0)
    adapter = continuable(model).get(run_id)
    return (run_id, adapter) if adapter else (None, None)


@reaction
def take_parent(model: BaseModel) -> None:
    """Take the shape of the adapter that is to be continued: it cannot be changed."""
    _, adapter = continued(model)
    if adapter:
        st.session_state["launch_preset"] = "continue"
        fill(continuing.shaped_like(preset("continue").settings, adapter))
