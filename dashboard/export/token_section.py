"""The section "What the model sees": a pair of the recipe, token by token, for a model."""

from typing import cast, get_args

import streamlit as st

from dashboard.export import seeing
from dashboard.guard import words
from dashboard.parts.notices import problem
from dashboard.parts.prose import prose
from dashboard.parts.token_view import token_view
from dashboard.said import said
from dashboard.text import literal, named, plain, t
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel
from pipeline.models.template import Policy
from pipeline.models.tokenizer import LocalCoder
from pipeline.train.config import Settings
from store.types import Layout


def what_the_model_sees(model: BaseModel, names: tuple[str, ...]) -> None:
    """Draw the section for the datasets of a recipe."""
    opened = st.expander(
        t("tokens.title"), icon=":material/visibility:", key="tokens_open", on_change="rerun"
    )
    if not opened.open:
        return
    with opened:
        st.caption(t("tokens.sentence"))
        policy = _ask_how()
        try:
            coder = seeing.coder(model, policy)
            _hidden(coder, policy)
            _row(coder, names)
            _count(names, coder, policy)
        except PipelineError as fact:
            problem(words(fact))


def _ask_how() -> Policy:
    left, right = st.columns([2, 1])
    policies = named("tokens.policy", ("none", "model"))
    with left:
        policy = st.segmented_control(
            t("tokens.policy"),
            list(policies),
            format_func=policies.__getitem__,
            default="none",
            required=True,
            key=seeing.POLICY,
            persist_state="session",
        )
    with right:
        st.number_input(
            t("tokens.cutoff"),
            min_value=16,
            max_value=1_000_000,
            value=Settings().cutoff_tokens,
            step=64,
            key=seeing.CUTOFF,
            help=t("tokens.cutoff_help"),
            persist_state="session",
        )
    return cast("Policy", policy)


def _hidden(coder: LocalCoder, policy: Policy) -> None:
    """Quote the template's own system prompt, and say whom it contradicts."""
    told = seeing.hidden_prompt(coder)
    if told.prompt:
        st.markdown(f":orange[:material/visibility_off:] {t(f'tokens.hidden_{policy}')}")
        with st.container(border=True, key="tokens_hidden"):
            prose(told.prompt)
        if told.contradicts:
            others, new = ", ".join(told.other_names), ", ".join(told.new_names)
            line = t("tokens.contradicts", others=others, new=new)
            st.markdown(f":red[:material/warning:] {line}")
    else:
        st.caption(t("tokens.hidden_nothing"))
    if coder.fitted.fixes_date:
        st.caption(t("tokens.fixes_date"))
    if coder.fitted.folds_system:
        st.caption(t("tokens.folds_system"))


def _row(coder: LocalCoder, names: tuple[str, ...]) -> None:
    """Ask which pair, and draw it."""
    which, number, how = st.columns([2, 1, 2], vertical_alignment="bottom")
    with which:
        dataset = st.selectbox(t("tokens.dataset"), names, key=seeing.DATASET)
    count = seeing.usable(dataset) if dataset else 0
    if not count:
        st.caption(t("tokens.no_pairs"))
        return
    with number:
        row = st.number_input(
            t("tokens.row"), min_value=1, max_value=count, value=1, step=1, key=seeing.ROW
        )
    if seeing.trigger(dataset):
        layouts = named("tokens.layout", get_args(Layout))
        how.segmented_control(
            t("tokens.layout"),
            list(layouts),
            format_func=layouts.__getitem__,
            default="format3",
            required=True,
            key=seeing.LAYOUT,
        )
    pair = seeing.pair(dataset, int(row))
    if pair is not None:
        token_view(seeing.seen_pair(pair, dataset, coder).view, key="tokens_row_view")


def _count(names: tuple[str, ...], coder: LocalCoder, policy: Policy) -> None:
    """Say how many answers are cut; many pairs are counted only when asked for."""
    total = sum(seeing.usable(name) for name in names)
    if total > seeing.COUNTED_AT_ONCE and not st.toggle(
        t("tokens.count", count=total), key="tokens_count"
    ):
        return
    with st.spinner(t("tokens.counting")):
        found = seeing.count_cut(names, coder, policy)
    if found.cut or found.left_out:
        told = t("tokens.counted_cut", count=found.cut, rows=found.rows, out=found.left_out)
        first = plain("tokens.counted_first", place=said(found.first))
        st.markdown(f":orange[:material/content_cut:] {told} {literal(first)}")
    else:
        st.markdown(f":green[:material/check_circle:] {t('tokens.counted_good', rows=found.rows)}")
