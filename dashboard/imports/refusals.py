"""The rows of a file that are left out: why, how many, which, and a table of them to keep."""

import csv
import io
from collections.abc import Iterable

import streamlit as st

from dashboard.format import number
from dashboard.said import whole
from dashboard.text import plain, t
from pipeline.curate.records import Refusals, Refused
from pipeline.curate.sources import Skipped

SHOWN = 200


def refusals(refused: Refusals, key: str) -> None:
    """Draw which rows are left out and why; nothing where all are whole."""
    if not refused:
        return
    label = t("import.refused", count=len(refused))
    with st.expander(label, icon=":material/block:", key=key):
        chosen = _of_chosen_reason(refused, key)
        shown = chosen[:SHOWN]
        table = {
            plain("import.row"): [each.row for each in shown],
            plain("import.reason"): [whole(each.reason) for each in shown],
        }
        widths = {
            plain("import.row"): st.column_config.NumberColumn(width="small"),
            plain("import.reason"): st.column_config.TextColumn(width="large"),
        }
        st.dataframe(table, hide_index=True, column_config=widths, alt=plain("import.refused_alt"))
        with st.container(horizontal=True, vertical_alignment="center"):
            if len(chosen) > SHOWN:
                st.caption(t("import.refused_more", count=len(chosen) - SHOWN), width="stretch")
            st.download_button(
                t("import.refused_download"),
                lambda: as_csv(chosen),
                file_name=f"{chosen[0].file}.refused.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"{key}_download",
                on_click="ignore",
            )


def as_csv(refused: Iterable[Refused]) -> bytes:
    """Return refused rows as a CSV that spreadsheets open in the right encoding."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([plain("import.file"), plain("import.row"), plain("import.reason")])
    lines.writerows([each.file, each.row, whole(each.reason)] for each in refused)
    return text.getvalue().encode("utf-8-sig")


def skipped_sets(skipped: tuple[Skipped, ...]) -> None:
    """Draw which sets of a folder cannot be imported, and why; nothing where all can."""
    if not skipped:
        return
    with st.expander(
        t("import.skipped", count=len(skipped)), icon=":material/block:", key="import_skipped"
    ):
        table = {
            plain("import.set"): [each.name for each in skipped],
            plain("import.reason"): [whole(each.reason) for each in skipped],
        }
        widths = {plain("import.reason"): st.column_config.TextColumn(width="large")}
        st.dataframe(table, hide_index=True, column_config=widths, alt=plain("import.skipped_alt"))


def _of_chosen_reason(refused: Refusals, key: str) -> Refusals:
    """Ask for one of the reasons, where there are several, and return the rows that have it."""
    counts = refused.by_reason()
    if len(counts) == 1:
        return refused
    words = {reason: f"{whole(reason)} ({number(count)})" for reason, count in counts.items()}
    reason = st.selectbox(
        t("import.reason"),
        list(words),
        index=None,
        format_func=words.__getitem__,
        placeholder=plain("import.all_reasons", count=len(refused)),
        key=f"{key}_reason",
        label_visibility="collapsed",
    )
    return refused if reason is None else refused.of_reason(reason)
