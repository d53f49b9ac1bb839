"""The rows of a file that are left out: why, how many, which, and a table of them to keep."""

import csv
import io
from collections import Counter

import streamlit as st

from dashboard.format import number
from dashboard.text import has, plain, t
from pipeline.curate.formats import Refused

SHOWN = 200


def refusals(refused: tuple[Refused, ...], key: str) -> None:
    """Draw which rows are left out and why; nothing where all are whole."""
    if not refused:
        return
    label = t("import.refused", count=len(refused))
    with st.expander(label, icon=":material/block:", key=key):
        chosen = _of_chosen_reason(refused, key)
        table = {
            plain("import.row"): [each.row for each in chosen[:SHOWN]],
            plain("import.reason"): [reason_words(each.reason) for each in chosen[:SHOWN]],
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
                as_csv(chosen),
                file_name=f"{chosen[0].file}.refused.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"{key}_download",
                on_click="ignore",
            )


def reason_words(reason: str) -> str:
    """Return why a row is refused in the reader's language, where there are words for it."""
    key = "import.reason_" + reason.replace(" ", "_")
    return plain(key) if has(key) else reason


def as_csv(refused: tuple[Refused, ...]) -> bytes:
    """Return refused rows as a CSV that spreadsheets open in the right encoding."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([plain("import.file"), plain("import.row"), plain("import.reason")])
    lines.writerows([each.file, each.row, reason_words(each.reason)] for each in refused)
    return text.getvalue().encode("utf-8-sig")


def _of_chosen_reason(refused: tuple[Refused, ...], key: str) -> tuple[Refused, ...]:
    """Ask for one of the reasons, where there are several, and return the rows that have it."""
    counts = Counter(each.reason for each in refused)
    if len(counts) == 1:
        return refused
    words = {
        reason: f"{reason_words(reason)} ({number(count)})"
        for reason, count in counts.most_common()
    }
    reason = st.selectbox(
        t("import.reason"),
        list(words),
        index=None,
        format_func=words.__getitem__,
        placeholder=plain("import.all_reasons", count=len(refused)),
        key=f"{key}_reason",
        label_visibility="collapsed",
    )
    return tuple(each for each in refused if reason is None or each.reason == reason)
