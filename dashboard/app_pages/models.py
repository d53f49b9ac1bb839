"""Models: the base, its template, its adapters."""

from pathlib import Path

import streamlit as st

from dashboard import state, watching
from dashboard.format import number, size
from dashboard.pages import link
from dashboard.parts.base_model import hidden_prompt, parameters
from dashboard.parts.chips import chip
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state
from dashboard.parts.run_card import STATES
from dashboard.text import literal, plain, t
from pipeline.models import catalog
from pipeline.models.catalog import BaseModel
from pipeline.train.state import Run


def draw_model(model: BaseModel, runs: tuple[Run, ...]) -> None:
    """Draw one base model: what it is at the left, its adapters at the right."""
    with st.container(border=True, key=f"models_{model.name}"):
        st.subheader(literal(model.name), anchor=False)
        if model.fault:
            st.markdown(f":red[:material/error: {t('models.broken', reason=model.fault)}]")
        left, right = st.columns([3, 2], gap="large")
        with left:
            draw_facts(model)
            hidden_prompt(model, key=f"models_prompt_{model.name}")
            draw_template(model)
        with right:
            st.markdown(f"**{t('models.adapters')}**")
            if not runs:
                st.caption(t("models.adapters_none"))
            for run in runs:
                draw_run(run)


def draw_facts(model: BaseModel) -> None:
    """Draw what the folder tells of the model; what it does not tell is left out."""
    facts = {
        "architecture": literal(model.architecture),
        "parameters": parameters(model.parameters) if model.parameters else "",
        "size": size(model.size_bytes) if model.size_bytes else "",
        "dtype": model.dtype,
        "context": t("models.tokens", count=model.context_tokens) if model.context_tokens else "",
        "folder": literal(str(model.folder)),
    }
    told = {plain(f"models.{name}"): words for name, words in facts.items() if words}
    st.table(told, border="horizontal", width="content")


def draw_template(model: BaseModel) -> None:
    """Draw the chat template on demand."""
    if not model.template:
        return
    opened = st.expander(
        t("models.template_show"), key=f"models_template_{model.name}", on_change="rerun"
    )
    if opened.open:
        with opened:
            st.code(model.template, language="jinja2", wrap_lines=True, height=320)


def draw_run(run: Run) -> None:
    """Draw one run on the model, with the way to it and, where it has an adapter, to Compare."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        icon, colour = STATES[run.state]
        here = {watching.RUN: str(run.id)}
        st.page_link(
            link("runs"),
            label=f"{t('models.run', run=str(run.id))} {literal(run.config.title)}",
            icon=":material/subdirectory_arrow_right:",
            query_params=here,
        )
        chip(t(f"runs.state_{run.state}"), icon, colour)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rank = number(run.config.settings.rank)
        words = t("models.run_words", export=Path(run.config.export).name, rank=rank)
        st.caption(words, width="content")
        if run.adapter:
            to_page("compare", t("models.compare"), here)


header = page_header("models")
models = catalog.listed(state.workspace())
runs = watching.listed()
outside = {
    Path(run.config.model) for run in runs if (Path(run.config.model) / catalog.CONFIG).is_file()
} - {model.folder for model in models}
models += tuple(catalog.read(folder) for folder in sorted(outside))
if not models:
    with empty_state(t("models.empty", folder=str(state.workspace().models)), "deployed_code"):
        to_page("launch", t("models.launch"))
    st.caption(t("models.empty_launch"))
    st.stop()
with header:
    if st.button(
        t("models.launch"), key="models_launch", type="primary", icon=":material/rocket_launch:"
    ):
        st.switch_page(link("launch"))
for model in models:
    draw_model(model, tuple(run for run in runs if Path(run.config.model) == model.folder))
