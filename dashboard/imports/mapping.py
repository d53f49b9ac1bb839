"""Which column of a file is what: guessed, each shown with something that stands in it."""

from collections.abc import Mapping

import streamlit as st

from dashboard.format import shortened
from dashboard.imports import importing
from dashboard.imports.importing import FIELDS, Look
from dashboard.text import named, plain, t
from pipeline.curate.columns import Columns

SAMPLE_CHARACTERS = 60
LAYOUTS = ("format2", "format3")


def mapping_form(seen: Look, key: str) -> None:
    """Draw the form; it is open where the guess failed or should be looked at."""
    is_open = seen.is_unsure or seen.read is None
    with st.expander(
        t("import.columns"), expanded=is_open, icon=":material/table_chart:", key=f"{key}_columns"
    ):
        if seen.is_unsure:
            st.caption(t("import.columns_words"))
        layout = _layout(seen, key)
        _columns(seen, key, layout)


def _layout(seen: Look, key: str) -> str:
    recognised = seen.read.layout if seen.read else "format2"
    words = named("import.layout", LAYOUTS)
    chosen = st.segmented_control(
        t("import.layout"),
        LAYOUTS,
        default=recognised,
        required=True,
        format_func=words.__getitem__,
        key=f"{key}_layout",
        on_change=importing.choose_layout,
        args=(key,),
    )
    st.caption(t(f"import.why_{chosen}"))
    return str(chosen)


def _columns(seen: Look, key: str, layout: str) -> None:
    now = seen.read.columns if seen.read else importing.guessed(seen.samples)
    options = list(seen.samples)
    with st.grid(3, gap="small"):
        for name in FIELDS:
            column = getattr(now, name) if isinstance(now, Columns) else None
            st.selectbox(
                plain(f"import.meaning_{layout}_{name}"),
                options,
                index=options.index(column) if column in options else None,
                format_func=_with_sample(seen.samples).__getitem__,
                placeholder=plain("import.no_column"),
                key=f"{key}_column_{name}",
                on_change=importing.choose_columns,
                args=(key,),
            )


def _with_sample(samples: Mapping[str, str]) -> dict[str, str]:
    shown = {name: name.encode("utf-8", "replace").decode() for name in samples}
    return {
        name: f"{shown[name]}: {shortened(sample, SAMPLE_CHARACTERS)}" if sample else shown[name]
        for name, sample in samples.items()
    }
