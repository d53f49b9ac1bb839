"""The choices of the Launch page: model, what goes on, export, layout, system prompt, place."""

import streamlit as st

from dashboard.launch import launching, preparing
from dashboard.launch.launching import Export
from dashboard.launch.preparing import BY_PATH, PARENT
from dashboard.parts.base_model import model_words
from dashboard.parts.export_mark import export_mark
from dashboard.parts.prose import prose
from dashboard.said import said
from dashboard.text import literal, named, plain, t
from pipeline.models.catalog import BaseModel


def ask_model(models: tuple[BaseModel, ...]) -> BaseModel | None:
    """Ask which base model; one outside the workspace is named by its path."""
    words = {model.name: model.name for model in models} | {BY_PATH: plain("launch.model_path")}
    st.selectbox(
        t("launch.model"),
        list(words),
        format_func=words.__getitem__,
        key="launch_model",
        persist_state="session",
    )
    if st.session_state["launch_model"] == BY_PATH:
        st.text_input(
            t("launch.model_path_label"),
            key="launch_path",
            help=t("launch.model_path_help"),
            persist_state="session",
        )
    model = launching.chosen_model(models)
    if model is None:
        return None
    if model.fault:
        st.caption(f":red[:material/error: {t('launch.model_refused', reason=said(model.fault))}]")
        return model
    st.caption(literal(model_words(model)))
    if model.needs_code:
        st.checkbox(
            t("launch.trust"),
            key="launch_trust",
            help=t("launch.trust_help"),
            persist_state="session",
        )
    _ask_parent(model)
    return model


def _ask_parent(model: BaseModel) -> None:
    """Ask whether an adapter on this base is continued; nothing where there is none."""
    found = preparing.continuable(model)
    if not found:
        return
    words = {0: plain("launch.parent_none")} | {
        run: plain("launch.parent_run", run=str(run)) for run in found
    }
    st.selectbox(
        t("launch.parent"),
        list(words),
        format_func=lambda run: words.get(run, str(run)),
        key=PARENT,
        on_change=preparing.take_parent,
        args=(model,),
        help=t("launch.parent_help"),
        persist_state="session",
    )


def ask_export(exports: tuple[Export, ...]) -> Export:
    """Ask which export, and say what is in it."""
    name = st.selectbox(
        t("launch.export"),
        [export.name for export in exports],
        key="launch_export",
        persist_state="session",
    )
    export = next(each for each in exports if each.name == name)
    train = sum(f.rows for f in export.manifest.training(st.session_state["launch_layout"]))
    test = sum(file.rows for file in export.manifest.tests())
    st.caption(t("launch.export_facts", count=train, test=test))
    export_mark(export.folder)
    return export


def ask_layout(export: Export) -> None:
    """Ask the layout, and show what the model then reads."""
    words = named("launch.layout", ("format3", "format2"))
    layout = st.segmented_control(
        t("launch.layout"),
        list(words),
        format_func=words.__getitem__,
        required=True,
        key="launch_layout",
        persist_state="session",
    )
    if layout == "format2":
        st.caption(t("launch.layout_format2_why"))
    elif trigger := export.trigger():
        st.caption(t("launch.layout_format3_why", trigger=trigger))
    else:
        st.caption(t("launch.layout_format3_none"))


def ask_system(model: BaseModel | None) -> None:
    """Ask what becomes of the template's own system prompt, and quote that."""
    words = named("launch.system", ("none", "model", "text"))
    policy = st.segmented_control(
        t("launch.system"),
        list(words),
        format_func=words.__getitem__,
        required=True,
        key="launch_system",
        persist_state="session",
    )
    if policy == "text":
        st.text_area(
            t("launch.system_text_label"), key="launch_text", height=90, persist_state="session"
        )
    st.caption(t(f"launch.system_{policy}_why"))
    if model is None or model.fault:
        return
    if model.default_prompt:
        st.caption(t("launch.system_default"))
        with st.container(border=True, key="launch_default_prompt"):
            prose(model.default_prompt)
    else:
        st.caption(t("launch.system_no_default"))


def ask_title(export: Export) -> None:
    """Ask how to call the run, and what is to follow it."""
    name = plain(f"launch.preset_{st.session_state['launch_preset']}")
    st.text_input(
        t("launch.run_title"),
        key="launch_title",
        placeholder=plain("launch.run_title_placeholder", export=export.name, preset=name),
        max_chars=120,
        persist_state="session",
    )
    st.checkbox(
        t("launch.evaluate"),
        key="launch_evaluate",
        help=t("launch.evaluate_help"),
        persist_state="session",
    )
