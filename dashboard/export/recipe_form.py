"""The fields of a recipe: datasets and how much of each, layout, what is held back."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from dashboard.export import exporting, recipes
from dashboard.guard import words
from dashboard.parts.notices import problem
from dashboard.text import named, plain, t
from pipeline.errors import BadInput
from pipeline.publish.recipe import (
    LARGEST_REPEAT,
    LARGEST_TEST_SHARE,
    FileFormat,
    LayoutChoice,
    Recipe,
)
from pipeline.publish.triggers import suggestions
from store.types import Dataset, DatasetSummary

LARGEST_REPLAY = 50


def ask_recipe(summaries: tuple[DatasetSummary, ...]) -> Recipe | None:
    """Ask for the recipe; None while it names no dataset, has no name, or cannot be."""
    st.multiselect(
        t("export.datasets"),
        [summary.dataset.name for summary in summaries],
        default=None
        if recipes.DATASETS in st.session_state
        else exporting.suggested_datasets(summaries),
        key=recipes.DATASETS,
        wrap=True,
        persist_state="session",
    )
    chosen = recipes.chosen(summaries)
    for summary in chosen:
        if summary.dataset.role == "domain" and not summary.dataset.trigger:
            _trigger(summary.dataset)
    _layout()
    if any(summary.dataset.role == "general" for summary in chosen):
        _replay(chosen)
    _held_back()
    with st.expander(t("export.more"), key="export_more"):
        _more(chosen)
    exporting.suggest_name([each.dataset.name for each in chosen], summaries)
    st.text_input(t("export.name"), key=recipes.NAME, persist_state="session")
    try:
        return recipes.read(summaries)
    except BadInput as fact:
        problem(words(fact))
        return None


def _layout() -> None:
    layouts = named("export.layout", get_args(LayoutChoice))
    st.session_state.setdefault(recipes.LAYOUT, "both")
    st.selectbox(
        t("export.layout"),
        list(layouts),
        format_func=layouts.__getitem__,
        key=recipes.LAYOUT,
        help=t("export.layout_help"),
        persist_state="session",
    )


def _replay(chosen: Sequence[DatasetSummary]) -> None:
    """Ask how much of what is trained is general, with a suggestion and its reason."""
    share, rows = recipes.suggested_share(chosen)
    recipes.follow(recipes.REPLAY, share)
    is_all = bool(st.session_state.get(recipes.REPLAY_ALL))
    st.slider(
        t("export.replay"),
        0,
        LARGEST_REPLAY,
        step=5,
        format="%d %%",
        key=recipes.REPLAY,
        disabled=is_all,
        persist_state="session",
    )
    st.caption(t("export.replay_reason", share=share, count=rows))
    st.toggle(t("export.replay_all"), key=recipes.REPLAY_ALL, persist_state="session")


def _held_back() -> None:
    for key, name, usual in ((recipes.TEST, "test_share", 20), (recipes.FACTS, "fact_share", 10)):
        st.session_state.setdefault(key, usual)
        st.slider(
            t(f"export.{name}"),
            0,
            int(LARGEST_TEST_SHARE * 100),
            step=5,
            format="%d %%",
            key=key,
            help=t(f"export.{name}_help"),
            persist_state="session",
        )
    st.session_state.setdefault(recipes.TOGETHER, True)
    st.toggle(
        t("export.together"),
        key=recipes.TOGETHER,
        help=t("export.together_help"),
        persist_state="session",
    )
    st.toggle(t("export.accepted_only"), key=recipes.ACCEPTED, persist_state="session")


def _more(chosen: Sequence[DatasetSummary]) -> None:
    """Ask what is rarely changed: each dataset's repeats and layout, system, seed, format, YAML."""
    layouts = named("export.layout", get_args(LayoutChoice))
    for summary in chosen:
        left, right = st.columns([1, 2], vertical_alignment="bottom")
        dataset = summary.dataset
        st.session_state.setdefault(recipes.repeat_key(dataset), 1)
        left.number_input(
            t("export.repeat", name=dataset.name),
            1,
            LARGEST_REPEAT,
            key=recipes.repeat_key(dataset),
            persist_state="session",
        )
        right.selectbox(
            t("export.layout_of", name=dataset.name),
            list(layouts),
            index=None,
            format_func=layouts.__getitem__,
            placeholder=plain("export.layout_same"),
            key=recipes.layout_key(dataset),
            persist_state="session",
        )
    _system()
    left, right = st.columns(2)
    formats = named("export.format", get_args(FileFormat))
    left.selectbox(
        t("export.format"),
        list(formats),
        format_func=formats.__getitem__,
        key=recipes.FORMAT,
        persist_state="session",
    )
    st.session_state.setdefault(recipes.SEED, 42)
    right.number_input(t("export.seed"), 0, key=recipes.SEED, persist_state="session")
    st.file_uploader(
        t("export.recipe_file"),
        type=["yaml", "yml"],
        key=recipes.UPLOADED,
        on_change=recipes.take_file,
    )
    if stopped_by := st.session_state.get(recipes.PROBLEM):
        problem(stopped_by)


def _system() -> None:
    policies = named("export.system", recipes.POLICIES)
    st.session_state.setdefault(recipes.SYSTEM, "keep")
    policy = st.selectbox(
        t("export.system"),
        list(policies),
        format_func=policies.__getitem__,
        key=recipes.SYSTEM,
        help=t("export.system_help"),
        persist_state="session",
    )
    if policy == "text":
        st.text_input(t("export.system_words"), key=recipes.SYSTEM_TEXT, persist_state="session")


def _trigger(dataset: Dataset) -> None:
    """Ask for the task sentence of a field that has none, with suggestions."""
    key = f"export_trigger_{dataset.id}"
    st.selectbox(
        t("export.trigger", name=dataset.name),
        suggestions(dataset.domain or dataset.name),
        index=None,
        accept_new_options=True,
        placeholder=plain("export.trigger_choose"),
        key=key,
        help=t("export.trigger_help"),
        on_change=recipes.set_trigger,
        args=(dataset, key),
    )
