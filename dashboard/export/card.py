"""One export: what it holds, each file with its hash, and whether it is still what was written."""

from pathlib import Path

import streamlit as st

from dashboard.export import exporting
from dashboard.export.exporting import Made
from dashboard.format import size, when
from dashboard.parts.chips import chip
from dashboard.parts.notices import problem
from dashboard.text import literal, named, plain, t
from pipeline.publish.standing import standing
from pipeline.publish.verify import Verification

SPLITS = ("train", "test", "new")


def export_card(made: Made, *, is_open: bool) -> None:
    """Draw an export with the button that checks it."""
    record, checked = made.record, exporting.checked(made.record.name)
    with st.container(border=True, key=f"export_card_{record.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(record.name)}**", width="content")
            st.caption(t("export.pairs", count=record.pair_count), width="content")
            st.caption(when(record.created_at), width="content")
            _state(made, checked)
            st.space("stretch")
            if made.files:
                _restore(made)
            st.button(
                t("export.verify"),
                key=f"export_verify_{record.id}",
                icon=":material/fingerprint:",
                help=t("export.verify_help"),
                on_click=exporting.check,
                args=(record.name, record.folder),
            )
        if checked is not None and not checked.holds:
            _differences(checked)
        if made.problem:
            problem(made.problem)
        else:
            with st.expander(t("export.files", count=len(made.files)), expanded=is_open):
                _files(made)
                st.code(str(Path(record.folder)), language=None)


def _state(made: Made, checked: Verification | None) -> None:
    """Draw how it stands on the disk now, whatever was found when it was verified."""
    stands = standing(Path(made.record.folder))
    if stands == "unchecked" and checked is not None:
        stands = "holds" if checked.holds else "differs"
    if stands == "unchecked":
        chip(t("export.unchecked"), "help")
    elif stands == "holds":
        chip(t("export.verified"), "verified", "green")
    else:
        chip(t("export.differs"), "gpp_bad", "red")


def _restore(made: Made) -> None:
    """Offer to bring a dataset of the export back."""
    record = made.record
    name_key = f"export_back_name_{record.id}"
    with st.popover(t("export.restore"), icon=":material/history:", key=f"export_back_{record.id}"):
        st.caption(t("export.restore_help"))
        names = list(dict.fromkeys(file.dataset for file in made.files))
        dataset = st.selectbox(
            t("export.restore_dataset"), names, key=f"export_back_of_{record.id}"
        )
        st.text_input(
            t("export.restore_name"), f"{dataset} ({record.name})", key=name_key, max_chars=120
        )
        st.button(
            t("export.restore_go"),
            key=f"export_back_go_{record.id}",
            on_click=exporting.bring_back,
            args=(record, dataset, name_key),
        )


def _differences(checked: Verification) -> None:
    lines = [t(f"export.file_{file.reason}", name=file.name) for file in checked.broken]
    words = [t("export.differs_words"), *(f"- {line}" for line in lines)]
    st.error("\n".join(words), icon=":material/gpp_bad:")


def _files(made: Made) -> None:
    splits = named("export.split", SPLITS)
    table = {
        plain("export.column_file"): [file.name for file in made.files],
        plain("export.column_split"): [splits[exporting.part_of(file)] for file in made.files],
        plain("export.column_rows"): [file.rows for file in made.files],
        plain("export.column_size"): [size(file.bytes) for file in made.files],
        plain("export.column_sha1"): [file.sha1 for file in made.files],
    }
    st.dataframe(table, hide_index=True, alt=plain("export.files_alt"))
