"""Export: freeze what the model will learn."""

from typing import cast, get_args

import streamlit as st

from dashboard import exporting, state
from dashboard.exporting import MADE, NAME, Preview
from dashboard.format import percent
from dashboard.guard import words
from dashboard.parts.base_section import base_section
from dashboard.parts.export_card import SPLITS, export_card
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state, problem
from dashboard.text import named, plain, t
from pipeline.errors import BadInput
from pipeline.publish.recipe import LARGEST_TEST_SHARE, LayoutChoice, Recipe
from pipeline.publish.warnings import ExportWarning
from store import datasets, exports
from store.types import DatasetSummary

SHOWN = 20


def ask_recipe(summaries: tuple[DatasetSummary, ...]) -> Recipe | None:
    """Ask for the recipe; None while it names no dataset or has no name."""
    chosen = st.multiselect(
        t("export.datasets"),
        [summary.dataset.name for summary in summaries],
        default=exporting.suggested_datasets(summaries),
        key="export_datasets",
        wrap=True,
        persist_state="session",
    )
    layouts = named("export.layout", get_args(LayoutChoice))
    layout = st.segmented_control(
        t("export.layout"),
        list(layouts),
        default="both",
        required=True,
        format_func=layouts.__getitem__,
        key="export_layout",
        persist_state="session",
    )
    share = st.slider(
        t("export.test_share"),
        0,
        int(LARGEST_TEST_SHARE * 100),
        20,
        step=5,
        format="%d %%",
        key="export_test_share",
        help=t("export.test_share_help"),
        persist_state="session",
    )
    accepted_only = st.toggle(
        t("export.accepted_only"), key="export_accepted_only", persist_state="session"
    )
    exporting.suggest_name(chosen, summaries)
    name = st.text_input(t("export.name"), key=NAME, persist_state="session")
    if not chosen or not name.strip():
        return None
    try:
        return Recipe(
            name.strip(),
            tuple(chosen),
            layout=cast("LayoutChoice", layout),
            test_share=share / 100,
            accepted_only=accepted_only,
        )
    except BadInput as fact:
        problem(words(fact))
        return None


def draw_sentence(recipe: Recipe, shown: Preview) -> None:
    """Draw the recipe as a sentence that reads."""
    trained = shown.trained()
    triggers = {file.dataset: file.trigger for file in shown.files if file.trigger}
    parts = []
    for name in recipe.datasets:
        kind = "triggered" if name in triggers and recipe.layout != "format2" else "plain"
        trigger = triggers.get(name, "")
        parts.append(
            t(f"export.part_{kind}", count=trained.get(name, 0), name=name, trigger=trigger)
        )
    held = shown.pairs - sum(trained.values())
    st.markdown(
        t("export.sentence_start") + plain("export.comma").join(parts) + plain("export.stop")
    )
    st.markdown(t("export.sentence_held", count=held))
    if shown.unreviewed:
        st.markdown(t("export.sentence_unreviewed", count=shown.unreviewed))


def draw_preview(recipe: Recipe, shown: Preview) -> None:
    """Draw what would be written: the sentence, shares, warnings and files."""
    draw_sentence(recipe, shown)
    draw_warnings(shown.warnings)
    trained = shown.trained()
    whole = sum(trained.values())
    if whole:
        for name, rows in trained.items():
            said = t("export.share", name=name, share=percent(rows / whole))
            st.progress(rows / whole, text=said)
    splits = named("export.split", SPLITS)
    table = {
        plain("export.column_file"): [file.name for file in shown.files],
        plain("export.column_split"): [splits[file.split] for file in shown.files],
        plain("export.column_rows"): [file.rows for file in shown.files],
    }
    st.dataframe(table, hide_index=True, alt=plain("export.files_alt"))


def draw_warnings(warnings: tuple[ExportWarning, ...]) -> None:
    """Draw what to know before training on this; nothing where there is nothing."""
    if not warnings:
        return
    with st.container(border=True, gap="xsmall", key="export_warnings"):
        for warning in warnings:
            words = t(f"export.warning_{warning.code}", name=warning.dataset, count=warning.count)
            st.markdown(f":orange[:material/warning:] {words}")


def draw_done() -> None:
    """Draw what was just exported and where to go from here."""
    if newest := st.session_state.get(MADE):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            said = t("export.done", name=newest)
            st.markdown(f":green[:material/check_circle:] {said}", width="content")
            to_page("launch", t("export.to_launch"), {"export": newest})


def draw_exports() -> None:
    """Draw the exports that were made, newest first."""
    listed = exports.listed(state.store())
    if not listed:
        return
    st.space("small")
    st.subheader(t("export.made"), anchor=False)
    for record in listed[:SHOWN]:
        export_card(exporting.made(record), is_open=record.name == st.session_state.get(MADE))


action = page_header("export")
summaries = datasets.summaries(state.store())
if not any(summary.usable for summary in summaries):
    with empty_state(t("export.empty"), "inventory_2"):
        to_page("import", t("review.to_import"))
    draw_exports()
    st.stop()

draw_done()
left, right = st.columns([2, 3], gap="large")
with left:
    recipe = ask_recipe(summaries)
if recipe is None:
    right.caption(t("export.incomplete"))
    draw_exports()
    st.stop()
with right:
    with st.spinner(t("export.planning")):
        shown = exporting.preview(recipe)
    draw_preview(recipe, shown)
base_section(recipe.datasets)
with action:
    is_asked = st.button(
        t("export.export"),
        type="primary",
        key="export_go",
        icon=":material/lock:",
        disabled=not shown.pairs,
    )
if is_asked:
    with st.spinner(t("export.exporting", count=shown.pairs)):
        stopped_by = exporting.make(recipe)
    if not stopped_by:
        st.rerun()
    problem(stopped_by)
draw_exports()
