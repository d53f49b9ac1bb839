"""Import: bring questions and answers in."""

import streamlit as st

from dashboard import state
from dashboard.imports import importing
from dashboard.imports.fetch_progress import fetch_card
from dashboard.imports.import_files import PATH, Brought, Given, brought
from dashboard.imports.import_job import ImportJob, Task, desk
from dashboard.imports.importing import Look
from dashboard.imports.job_progress import job_progress, job_result
from dashboard.imports.preview import import_preview
from dashboard.imports.refusals import skipped_sets
from dashboard.pages import link
from dashboard.parts.header import page_header
from dashboard.parts.notices import empty_state
from dashboard.text import literal, t
from pipeline.curate.formats import SUFFIXES
from store import datasets

SHOWN_AT_ONCE_S = 0.5
"""A small import has ended within this time, and needs no progress bar."""


def ask_for_files() -> Brought:
    """Ask for files to upload, or a path on the machine that serves this page."""
    drop, path = st.columns([3, 2], gap="large")
    uploads = drop.file_uploader(
        t("import.drop"),
        type=[suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"import_files_{importing.batch()}",
    )
    path.text_input(t("import.path"), key=PATH, help=t("import.path_help"))
    return brought(uploads)


def ask_for_placeholders(looks: list[Look]) -> dict[str, str]:
    """Ask what stands for {{name}} and the like; an empty one stays as it is."""
    names = importing.open_placeholders(seen.read for seen in looks if seen.read)
    if not names:
        return {}
    with st.container(border=True, key="import_placeholders"):
        st.subheader(t("import.placeholders"), anchor=False)
        st.caption(t("import.placeholders_words"))
        with st.grid(3, gap="medium"):
            return {
                name: st.text_input(
                    literal(f"{{{{{name}}}}}"), key=f"import_value_{importing.batch()}_{name}"
                )
                for name in names
            }


def draw_job(job: ImportJob) -> None:
    """Draw the import under way, or what came of the last one."""
    now = job.now()
    with action:
        if now.is_active:
            st.button(
                t("import.cancel"),
                key="import_stop",
                icon=":material/stop_circle:",
                disabled=now.is_cancelling,
                on_click=importing.cancel,
            )
        else:
            draw_what_next(now.action_ids, [each.dataset.name for each in now.results])
    if now.is_active:
        job_progress(job)
    else:
        job_result(now, "import_result")


def draw_what_next(action_ids: tuple[int, ...], names: list[str]) -> None:
    """Draw the ways on from what was imported."""
    if action_ids:
        st.button(
            t("shell.undo"),
            key="import_undo",
            icon=":material/undo:",
            on_click=importing.undo,
            args=(action_ids,),
        )
    st.button(
        t("import.more"),
        key="import_more",
        type="secondary" if action_ids else "primary",
        on_click=importing.start_again,
    )
    if action_ids and st.button(t("import.review"), type="primary", key="import_review"):
        address = {"dataset": names[0]} if len(set(names)) == 1 else {}
        st.switch_page(link("review"), query_params=address)


def draw_samples() -> None:
    """Draw what a page without a file offers."""
    is_empty = not datasets.summaries(state.store())
    with empty_state(t("import.empty" if is_empty else "import.samples_words"), "upload_file"):
        st.button(
            t("import.try_samples"),
            key="import_try_samples",
            icon=":material/science:",
            on_click=importing.try_samples,
        )


def draw_previews(files: tuple[Given, ...]) -> tuple[list[Look], list[Task]]:
    """Draw each file; return those that can be imported, and what is to be done with them."""
    looks, tasks = [], []
    for each in files:
        key = importing.key_of(each)
        seen = importing.look(each, key)
        wish = import_preview(seen, key)
        if wish is not None:
            looks.append(seen)
            tasks.append(importing.task(seen, key, wish.target, is_again=wish.is_again))
    return looks, tasks


action = page_header("import")
if (job := desk().job) is not None:
    draw_job(job)
    st.stop()
given = ask_for_files()
if given.wanted:
    fetch_card(given.wanted)
if not given.files:
    if not given.wanted:
        draw_samples()
    st.stop()
values_slot = st.container()
looks, tasks = draw_previews(given.files)
with values_slot:
    values = ask_for_placeholders(looks)
skipped_sets(given.skipped)
count = sum(len(seen.read.rows) for seen in looks if seen.read)
is_part = any(seen.read.is_head for seen in looks if seen.read)
label = t("import.import_all") if is_part else t("import.import", count=count)
with action:
    st.button(t("shell.cancel"), key="import_cancel", on_click=importing.start_again)
    is_asked = st.button(label, type="primary", key="import_go", disabled=count == 0)
if is_asked:
    importing.bring_in(tasks, values).beside.wait(SHOWN_AT_ONCE_S)
    st.rerun()
