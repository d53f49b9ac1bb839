"""Two exports side by side: which pairs one added, removed, changed or moved."""

from collections.abc import Sequence

import streamlit as st

from dashboard.export import exporting
from dashboard.format import number
from dashboard.text import plain, t
from store.record_types import ExportChange, ExportRecord

KINDS: tuple[ExportChange, ...] = ("added", "removed", "changed", "moved")


def export_versions(listed: Sequence[ExportRecord]) -> None:
    """Draw the difference of two exports; nothing where there are not two."""
    if len(listed) < 2:
        return
    st.space("small")
    st.subheader(t("export.versions"), anchor=False)
    names = [record.name for record in listed]
    left, right = st.columns(2)
    older = left.selectbox(t("export.older"), names, index=1, key="export_older")
    newer = right.selectbox(t("export.newer"), names, index=0, key="export_newer")
    found = exporting.difference(older, newer)
    for column, kind in zip(st.columns(len(KINDS)), KINDS, strict=True):
        column.metric(plain(f"export.change_{kind}"), number(found.counts[kind]))
    if found.recipe:
        fields = plain("export.comma").join(plain(f"export.recipe_{each}") for each in found.recipe)
        st.caption(t("export.recipes_differ", fields=fields))
    if found.pairs:
        table = {
            plain("export.column_change"): [plain(f"export.change_{p.kind}") for p in found.pairs],
            plain("export.column_pair"): [p.pair_id for p in found.pairs],
            plain("export.column_question"): [p.question for p in found.pairs],
        }
        st.dataframe(table, hide_index=True, alt=plain("export.versions"), key="export_diff")
