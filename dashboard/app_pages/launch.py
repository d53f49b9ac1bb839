"""Launch: train, knowing what it will cost."""

import streamlit as st

from dashboard.launch import choices as choices
from dashboard.launch import launch_facts, launching, placing, preparing, studying
from dashboard.launch.chat_in_the_way import ask_chat
from dashboard.launch.command import launch_command
from dashboard.launch.launching import Export
from dashboard.launch.place_form import place_form, reports_form
from dashboard.launch.preflight import ask_all_the_same, memory_bar, preflight_list
from dashboard.launch.preset_choice import ask_preset
from dashboard.launch.rows import launch_rows
from dashboard.launch.study_form import study_form
from dashboard.launch.studying import Planned
from dashboard.launch.trial import trial_part
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.settings_form import settings_form
from dashboard.text import t
from pipeline.models.catalog import BaseModel
from pipeline.train.preflight import may_start


def before_the_start(model: BaseModel | None, export: Export) -> bool:
    """Draw the checks; returns whether the start is possible and agreed to."""
    known = launch_facts.known(model, export)
    preflight_list(known.checks)
    if known.facts and known.facts.memory:
        memory_bar(known.facts.memory)
    if any(check.name in ("device", "queue") and check.level != "good" for check in known.checks):
        st.checkbox(t("launch.shares"), key="launch_shares", persist_state="session")
    ask_chat(placing.here())
    is_agreed = ask_all_the_same(known.checks)
    if model and not model.fault and known.facts:
        if not known.facts.cluster:
            trial_part(model, export)
        launch_rows(model, export)
        launch_command(model, export)
    return is_agreed and may_start(known.checks)


def start_button(
    model: BaseModel | None, export: Export, study: Planned | None, ready: bool
) -> None:
    """Draw the one action: start a run, or all runs of a study."""
    count = len(study.requests) if study else 1
    st.button(
        t("study.start", count=count) if study else t("launch.start"),
        key="launch_start",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=not ready or (study is not None and not study.may_start),
        on_click=studying.start if study else launching.start,
        args=(model, export),
    )


launching.go_on()
studying.go_on()
header = page_header("launch")
models, exports = launching.models(), launching.exports()
if not exports:
    with empty_state(t("launch.no_export"), "inventory_2"):
        to_page("export", t("launch.to_export"))
    st.stop()
if not models:
    with empty_state(t("launch.no_model"), "deployed_code"):
        to_page("models", t("launch.to_models"))

launching.restore(models, exports)
preparing.take_address()
left, middle, right = st.columns(3, border=True)
with left:
    model = choices.ask_model(models)
with middle:
    export = choices.ask_export(exports)
with right:
    ask_preset()

left, right = st.columns([3, 2], gap="large")
with left:
    choices.ask_layout(export)
    choices.ask_system(model)
    choices.ask_title(export)
    place_form()
    reports_form()
    with st.expander(t("launch.more"), icon=":material/tune:", key="launch_more"):
        settings_form()
    study = study_form(model, export) if model and not model.fault else None
with right:
    ready = before_the_start(model, export)
with header:
    start_button(model, export, study, ready)
