"""Import: bring questions and answers in."""

import streamlit as st

from dashboard import importing, state
from dashboard.importing import PATH, RESULTS, Source
from dashboard.parts.header import page_header
from dashboard.parts.import_preview import import_preview, refusals
from dashboard.parts.links import to_page
from dashboard.parts.notices import empty_state, problem
from dashboard.text import literal, t
from pipeline.curate.formats import SUFFIXES
from pipeline.curate.importing import ImportResult, Target
from pipeline.curate.ingest import Ingested
from store import datasets


def ask_for_files() -> tuple[Source, ...]:
    """Ask for files to upload, or a path on the machine that serves this page."""
    drop, path = st.columns([3, 2], gap="large")
    uploads = drop.file_uploader(
        t("import.drop"),
        type=[suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"import_files_{importing.batch()}",
    )
    path.text_input(t("import.path"), key=PATH, help=t("import.path_help"))
    return importing.sources(uploads)


def ask_for_placeholders(read: list[Ingested]) -> dict[str, str]:
    """Ask what stands for {{name}} and the like; an empty one stays as it is."""
    names = importing.open_placeholders(read)
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


def draw_result(result: ImportResult, number: int) -> None:
    """Draw what one file's import did."""
    with st.container(border=True, key=f"import_result_{number}"):
        words = t("import.done", count=result.imported, name=result.dataset.name)
        st.markdown(f":green[:material/check_circle:] {words}")
        if result.leftovers:
            left = ", ".join(f"{{{{{name}}}}}" for name in result.leftovers)
            st.warning(t("import.leftovers", names=left), icon=":material/data_object:")
        refusals(result.refused, f"import_result_{number}_refused")


def draw_results(results: tuple[ImportResult, ...], stopped_by: str) -> None:
    """Draw what was imported, what stopped it, and where to go from here."""
    if stopped_by:
        problem(stopped_by)
    for number, result in enumerate(results):
        draw_result(result, number)
    made = tuple(result.action_id for result in results if result.action_id is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        to_page("duplicates", t("import.to_duplicates"))
        to_page("review", t("import.to_review"))
        st.button(t("import.more"), key="import_more", on_click=importing.start_again)
        if made:
            st.button(
                t("shell.undo"),
                key="import_undo",
                icon=":material/undo:",
                on_click=importing.undo,
                args=(made,),
            )


def draw_previews(sources: tuple[Source, ...]) -> list[tuple[Ingested, Target]]:
    """Draw each file and return those that can be imported, with where they go."""
    chosen = []
    for number, source in enumerate(sources):
        target = import_preview(source, f"import_{importing.batch()}_{number}")
        if target is not None and source.read is not None:
            chosen.append((source.read, target))
    return chosen


action = page_header("import")
if RESULTS in st.session_state:
    draw_results(*st.session_state[RESULTS])
    st.stop()

sources = ask_for_files()
if not sources:
    is_empty = not datasets.summaries(state.store())
    with empty_state(t("import.empty" if is_empty else "import.samples_words"), "upload_file"):
        st.button(
            t("import.try_samples"),
            key="import_try_samples",
            icon=":material/science:",
            on_click=importing.try_samples,
        )
    st.stop()

values_slot = st.container()
chosen = draw_previews(sources)
with values_slot:
    values = ask_for_placeholders([read for read, _ in chosen])
count = sum(len(read.rows) for read, _ in chosen)
with action:
    st.button(t("shell.cancel"), key="import_cancel", on_click=importing.start_again)
    is_asked = st.button(
        t("import.import", count=count), type="primary", key="import_go", disabled=count == 0
    )
if is_asked:
    with st.spinner(t("import.importing", count=count)):
        st.session_state[RESULTS] = importing.bring_in(chosen, values)
    st.rerun()
