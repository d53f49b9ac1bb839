"""Models: the base, its template, its adapters, and what was merged of them."""

from pathlib import Path

import streamlit as st

from dashboard import state, watching
from dashboard.format import number, size
from dashboard.guard import words
from dashboard.models import modelling
from dashboard.models.equivalence import equivalence
from dashboard.models.hand_over import hand_over
from dashboard.models.merge_dialog import ask_merge
from dashboard.models.merge_progress import merge_progress
from dashboard.models.prompt_editor import prompt_editor
from dashboard.models.tree import model_tree
from dashboard.pages import link
from dashboard.parts.base_model import base_facts, hidden_prompt
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state, problem
from dashboard.parts.run_card import head
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.errors import PipelineError
from pipeline.merge.lineage import Node
from pipeline.merge.report import Equivalence, Merged
from pipeline.models.catalog import BaseModel
from pipeline.train.checkpoints import size_bytes
from pipeline.train.state import Run


def draw_base(model: BaseModel) -> None:
    """Draw a base model: what it is, and the prompt that its template hides."""
    st.subheader(literal(model.name), anchor=False)
    if model.fault:
        st.markdown(f":red[:material/error: {t('models.broken', reason=said(model.fault))}]")
    base_facts(model)
    hidden_prompt(model, key=f"models_prompt_{model.name}", claimed=modelling.claimed(model))
    if model.default_prompt is not None:
        to_page("launch", t("models.train_without"))
    draw_template(model)


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


def draw_run(run: Run, node: Node) -> None:
    """Draw a run's adapter: what it is made of, its prompt, its merge, and the ways on."""
    head(run)
    here = {watching.RUN: str(run.id)}
    facts = {
        t("models.export"): literal(Path(run.config.export).name),
        t("models.rank"): number(run.config.settings.rank),
    }
    if run.config.parent_run is not None:
        facts[t("models.continues")] = t("models.run", run=str(run.config.parent_run))
    if run.adapter:
        facts[t("models.size")] = size(size_bytes(run.adapter))
        facts[t("models.folder")] = literal(str(run.adapter))
    st.table(facts, border="horizontal", width="content")
    with st.container(horizontal=True, gap="medium"):
        to_page("runs", t("models.to_run"), here)
        if run.adapter:
            to_page("compare", t("models.compare"), here)
    if merge := modelling.latest_merge(run):
        merge_progress(merge)
    if run.adapter:
        draw_subject(node)
    else:
        st.caption(t("models.no_adapter"))


def draw_merged(model: BaseModel, merged: Merged, node: Node) -> None:
    """Draw a merged model: the proof, where it comes from, and the ways on."""
    st.subheader(literal(model.name), anchor=False)
    if model.fault:
        st.markdown(f":red[:material/error: {t('models.broken', reason=said(model.fault))}]")
    st.markdown(
        t("models.merged_of", base=Path(merged.base).name, run=str(merged.run))
        + (f" ({literal(merged.checkpoint)})" if merged.checkpoint else "")
    )
    holds(merged.equivalence)
    equivalence(merged.equivalence, key=f"models_report_{model.name}")
    base_facts(model)
    draw_subject(node)


def holds(found: Equivalence) -> None:
    """Say that it answers as base and adapter do, or where rounding decided otherwise."""
    others = len(found.rows) - found.same_greedy_answers
    said = t("models.merged_holds")
    if others:
        said = t("models.merged_but", count=others, dtype=found.dtype)
    st.markdown(f":green[:material/verified: {said}]")


def draw_subject(node: Node) -> None:
    """Draw what an adapter or merged model is served with, and how it is handed over."""
    try:
        subject = modelling.subject(node)
    except PipelineError as fact:
        problem(words(fact))
        return
    prompt_editor(subject, key=f"models_edit_{node.key}")
    hand_over(subject, key=f"models_hand_{node.key}")


header = page_header("models")
shown = modelling.shown()
if shown.chosen is None:
    with empty_state(t("models.empty", folder=str(state.workspace().models)), "deployed_code"):
        to_page("launch", t("models.launch"))
    st.caption(t("models.empty_launch"))
    st.stop()
runs = modelling.mergeable(shown.nodes)
chosen = shown.chosen
with header:
    if runs:
        if st.button(
            t("models.merge"), key="models_merge", type="primary", icon=":material/merge:"
        ):
            wanted = chosen.run.id if chosen.run and chosen.run.id in runs else next(iter(runs))
            ask_merge(runs, wanted)
    elif st.button(
        t("models.launch"), key="models_launch", type="primary", icon=":material/rocket_launch:"
    ):
        st.switch_page(link("launch"))
tree, detail = st.columns([2, 3], gap="large")
with tree:
    model_tree(shown.nodes, chosen)
with detail, st.container(border=True, key="models_detail"):
    if chosen.kind == "run" and chosen.run:
        draw_run(chosen.run, chosen)
    elif chosen.merged and chosen.model:
        draw_merged(chosen.model, chosen.merged, chosen)
    elif chosen.model:
        draw_base(chosen.model)
