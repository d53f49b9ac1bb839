"""What a recipe would write: a sentence that reads, figures, shares, warnings, files."""

from collections.abc import Sequence

import streamlit as st

from dashboard.export import recipes
from dashboard.export.card import SPLITS
from dashboard.export.exporting import Preview
from dashboard.format import number, percent
from dashboard.parts.links import to_page
from dashboard.text import named, plain, t
from pipeline.publish.recipe import Recipe
from pipeline.publish.warnings import ExportWarning

ROWS_A_STEP = 8
"""What most presets learn from at once."""


def recipe_preview(recipe: Recipe, shown: Preview) -> None:
    """Draw what would be written."""
    _sentence(recipe, shown)
    _figures(shown)
    _shares(shown)
    _warnings(shown.warnings)
    splits = named("export.split", SPLITS)
    table = {
        plain("export.column_file"): [file.name for file in shown.files],
        plain("export.column_split"): [splits[file.split] for file in shown.files],
        plain("export.column_rows"): [file.rows for file in shown.files],
    }
    with st.expander(t("export.files", count=len(shown.files)), key="export_planned"):
        st.dataframe(table, hide_index=True, alt=plain("export.files_alt"))


def _sentence(recipe: Recipe, shown: Preview) -> None:
    """Draw the recipe as a sentence: "420 identity ×3, 1,200 clinic after “…”, 300 general"."""
    parts = []
    for file in shown.trained():
        has_trigger = bool(file.trigger) and recipe.layout_of(file.dataset) != "format2"
        repeat = recipe.repeat_of(file.dataset)
        part = t(
            "export.part_triggered" if has_trigger else "export.part_plain",
            count=file.rows // repeat,
            name=file.dataset,
            trigger=file.trigger,
        )
        parts.append(f"{part} ×{repeat}" if repeat > 1 else part)
    st.markdown(
        t("export.sentence_start") + plain("export.comma").join(parts) + plain("export.stop")
    )
    held = {part: sum(f.rows for f in shown.files if f.split == part) for part in ("test", "new")}
    lines = [t("export.sentence_held", count=held["test"])]
    if held["new"]:
        lines.append(t("export.sentence_new", count=held["new"]))
    if shown.left_out:
        lines.append(t("export.sentence_left_out", count=shown.left_out))
    if shown.unreviewed:
        lines.append(t("export.sentence_unreviewed", count=shown.unreviewed))
    st.markdown(" ".join(lines))


def _figures(shown: Preview) -> None:
    """Draw what one pass costs."""
    rows = sum(file.rows for file in shown.trained())
    tokens = sum(file.tokens for file in shown.trained())
    steps = -(-rows // ROWS_A_STEP)
    first, second, third = st.columns(3)
    first.metric(plain("export.rows_a_pass"), number(rows))
    second.metric(
        plain("export.tokens_a_pass"), f"≈ {number(tokens)}", help=t("export.tokens_help")
    )
    third.metric(
        plain("export.steps_a_pass"), number(steps), help=t("export.steps_help", rows=ROWS_A_STEP)
    )


def _shares(shown: Preview) -> None:
    trained = shown.trained()
    whole = sum(file.rows for file in trained)
    for file in trained:
        said = t("export.share", name=file.dataset, share=percent(file.rows / whole))
        st.progress(file.rows / whole, text=said)


def _warnings(warnings: Sequence[ExportWarning]) -> None:
    """Draw what to know before training on this; nothing where there is nothing."""
    if not warnings:
        return
    with st.container(border=True, gap="xsmall", key="export_warnings"):
        for warning in warnings:
            words = t(
                f"export.warning_{warning.code}",
                name=warning.dataset.replace(",", plain("export.comma")),
                count=warning.count,
                possible=warning.possible,
            )
            st.markdown(f":orange[:material/warning:] {words}")
            if warning.code == "not_compared":
                to_page("duplicates", t("export.to_duplicates"))
            if warning.code == "few_tested":
                st.button(
                    t("export.test_close"),
                    key="export_test_close",
                    icon=":material/rule:",
                    type="tertiary",
                    on_click=recipes.test_close_wordings,
                )
