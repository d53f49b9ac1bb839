"""An import under way, and what came of it."""

import streamlit as st

from dashboard.format import duration, percent
from dashboard.guard import words
from dashboard.imports.import_job import ImportJob, Snapshot
from dashboard.imports.refusals import refusals
from dashboard.parts.chips import chip, role_chip
from dashboard.parts.links import to_page
from dashboard.parts.notices import failure, problem
from dashboard.said import said
from dashboard.text import literal, t
from pipeline.curate.importing import ImportResult

REFRESH_S = 1.0


def job_progress(job: ImportJob) -> None:
    """Draw how far an import is, again each second, until it has ended."""
    st.fragment(_progress, run_every=REFRESH_S)(job)


def job_result(now: Snapshot, key: str) -> None:
    """Draw what an import did, what stopped it, and where to go from here."""
    if now.fact is not None:
        problem(words(now.fact))
    if now.reference:
        failure(now.reference)
    if now.phase == "cancelled":
        _cancelled(now)
    for place, result in enumerate(now.results):
        _result(result, f"{key}_{place}")


def _progress(job: ImportJob) -> None:
    now = job.now()
    if not now.is_active:
        st.rerun()
    with st.container(border=True, key="import_progress"):
        st.subheader(_what(now), anchor=False)
        st.progress(now.share, text=_how_far(now))
        st.caption(t("import.leave"))


def _what(now: Snapshot) -> str:
    if now.is_cancelling:
        return t("import.cancelling")
    if now.phase in {"comparing", "storing"}:
        return t(f"import.{now.phase}")
    if len(now.names) == 1:
        return t("import.reading", name=now.names[0])
    values = {"place": now.place + 1, "of": len(now.names), "name": now.names[now.place]}
    return t("import.reading_several", **values)


def _how_far(now: Snapshot) -> str:
    parts = [percent(now.share)]
    if now.rows:
        parts.append(t("import.rows_read", count=now.rows))
    if now.left_s is not None:
        parts.append(t("import.left", duration=duration(now.left_s)))
    return " · ".join(parts)


def _cancelled(now: Snapshot) -> None:
    stood = t("import.cancelled_before", count=len(now.results)) if now.results else ""
    st.info(f"{t('import.cancelled')} {stood}".strip(), icon=":material/cancel:")


def _result(result: ImportResult, key: str) -> None:
    with st.container(border=True, key=key):
        done = t("import.done", count=result.imported, name=result.dataset.name)
        icon = "check_circle" if result.imported else "info"
        st.markdown(f":green[:material/{icon}:] {done}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            role_chip(result.dataset.role)
            chip(t(f"import.layout_{result.layout}"), "schema", "blue")
            if result.refused:
                chip(t("import.refused", count=len(result.refused)), "block", "orange")
        for warning in result.warnings:
            st.warning(literal(said(warning)), icon=":material/warning:")
        if result.leftovers:
            left = ", ".join(f"{{{{{name}}}}}" for name in result.leftovers)
            st.warning(t("import.leftovers", names=left), icon=":material/data_object:")
        refusals(result.refused, f"{key}_refused")
        with st.container(horizontal=True, vertical_alignment="center"):
            to_page("review", t("import.to_review"), {"dataset": result.dataset.name})
            to_page("duplicates", t("import.to_duplicates"))
