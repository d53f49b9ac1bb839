"""Export: freeze what the model will learn."""

import streamlit as st

from dashboard import state
from dashboard.export import exporting
from dashboard.export.base_section import base_section
from dashboard.export.card import export_card
from dashboard.export.exporting import MADE, RESTORED
from dashboard.export.recipe_form import ask_recipe
from dashboard.export.recipe_preview import recipe_preview
from dashboard.export.versions import export_versions
from dashboard.parts.header import page_header
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state, problem
from dashboard.text import t
from pipeline.publish import recipe_file
from store import datasets, exports

SHOWN = 20


def draw_done() -> None:
    """Draw what was just exported and where to go from here."""
    if newest := st.session_state.get(MADE):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            said = t("export.done", name=newest)
            st.markdown(f":green[:material/check_circle:] {said}", width="content")
            to_page("launch", t("export.to_launch"), {"export": newest})

    if back := st.session_state.pop(RESTORED, None):
        st.success(
            t("export.restored", name=back[0], count=back[1]), icon=":material/check_circle:"
        )


def draw_exports() -> None:
    """Draw the exports that were made, newest first."""
    listed = exports.listed(state.store())
    if not listed:
        return
    st.space("small")
    st.subheader(t("export.made"), anchor=False)
    for record in listed[:SHOWN]:
        export_card(exporting.made(record), is_open=record.name == st.session_state.get(MADE))
    export_versions(listed)


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
    recipe_preview(recipe, shown)
    st.download_button(
        t("export.download_recipe"),
        recipe_file.write(recipe),
        file_name=f"{recipe.name}.yaml",
        mime="application/yaml",
        key="export_download",
        icon=":material/download:",
        type="tertiary",
    )
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
