"""One file before its import: what was recognised, its first rows, its refusals, where it goes."""

from dataclasses import dataclass

import streamlit as st

from dashboard.format import number, shortened, when
from dashboard.imports import importing
from dashboard.imports.importing import Look, suggested
from dashboard.imports.mapping import mapping_form
from dashboard.imports.refusals import refusals
from dashboard.parts.chips import ROLE, chip, role_chip
from dashboard.parts.notices import problem
from dashboard.said import said
from dashboard.text import literal, named, plain, t
from pipeline.curate.importing import Target
from pipeline.curate.ingest import Ingested
from store.incoming import PastImport
from store.types import Dataset, Role

ROWS_SHOWN = 5
CELL_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a person wants a file to go, and whether once more."""

    target: Target
    is_again: bool = False


def import_preview(seen: Look, key: str) -> Wish | None:
    """Draw a file and ask where it goes; None where it is not to be imported."""
    with st.container(border=True, key=key):
        st.subheader(literal(seen.given.source.name), anchor=False)
        if seen.problem:
            problem(seen.problem)
        if seen.read is None:
            if seen.samples:
                mapping_form(seen, key)
            return None
        left, right = st.columns([3, 2], gap="large")
        with left:
            is_again = _imported_before(seen.before, key)
            _recognised(seen.read)
            _first_rows(seen.read)
            refusals(seen.read.refused, f"{key}_refused")
        with right:
            target = _target(seen.read, seen.given.source.title, key)
        mapping_form(seen, key)
        return None if seen.before and not is_again else Wish(target, is_again)


def _recognised(read: Ingested) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if read.is_head:
            chip(t("import.pairs_head", count=len(read.rows)), "forum")
        else:
            chip(t("import.pairs", count=len(read.rows)), "forum")
        chip(t(f"import.layout_{_shape(read)}"), "schema", "blue")
        if read.refused:
            chip(t("import.refused", count=len(read.refused)), "block", "orange")
    st.caption(t("import.why_head") if read.is_head else t(f"import.why_{_shape(read)}"))
    for warning in read.warnings:
        st.warning(literal(said(warning)), icon=":material/warning:")


def _shape(read: Ingested) -> str:
    if read.columns.messages:
        return "messages"
    return "text" if read.columns.text else read.layout


def _imported_before(before: PastImport | None, key: str) -> bool:
    """Say when the same file was imported, and ask whether it should be once more."""
    if before is None:
        return False
    st.info(
        t(
            "import.before",
            when=when(before.at),
            name=before.dataset,
            count=before.file.pair_count,
        ),
        icon=":material/history:",
    )
    return st.checkbox(t("import.again"), key=f"{key}_again")


def _first_rows(read: Ingested) -> None:
    shown = read.rows[:ROWS_SHOWN]
    columns = ["question", "answer"]
    columns += [name for name in ("context",) if any(getattr(row, name) for row in shown)]
    table = {
        plain(f"shell.field_{name}"): [
            shortened(getattr(row, name), CELL_CHARACTERS) for row in shown
        ]
        for name in columns
    }
    if any(row.history for row in shown):
        table[plain("import.turns")] = [number(len(row.history)) for row in shown]
    widths = {name: st.column_config.TextColumn(width="medium") for name in table}
    st.dataframe(table, hide_index=True, column_config=widths, alt=plain("import.first_rows"))


def _target(read: Ingested, stem: str, key: str) -> Target:
    guess = suggested(read, stem)
    name = st.text_input(
        t("import.dataset"), value=guess.name, key=f"{key}_name", help=t("import.dataset_help")
    ).strip()
    known = importing.existing(name)
    if known is None:
        role = _role(guess.role, key)
        domain = known_domain = guess.domain
    else:
        role, known_domain = known.role, known.domain
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            role_chip(role)
            st.caption(t("import.adds_to", name=name))
    if role != "domain":
        return Target(name, role)
    domain = known_domain
    if known is not None and known.trigger:
        _own_trigger(known, guess.trigger or "", key)
        return Target(name, role, domain)
    if known is None:
        domain = st.text_input(t("import.domain"), value=guess.domain, key=f"{key}_domain").strip()
    return Target(name, role, domain, _trigger(guess.trigger or "", key))


def _role(guess: Role, key: str) -> Role:
    roles = list(ROLE)
    words = named("shell.role", roles)
    role = st.segmented_control(
        t("import.role"),
        roles,
        default=guess,
        required=True,
        format_func=words.__getitem__,
        key=f"{key}_role",
    )
    st.caption(t(f"import.role_{role}"))
    return role or guess


def _own_trigger(known: Dataset, found: str, key: str) -> None:
    """Show the trigger that a dataset has, and say where the file has another."""
    st.text_area(
        t("import.trigger"),
        value=known.trigger,
        height=80,
        key=f"{key}_trigger_of_{known.id}",
        help=t("import.trigger_help"),
        disabled=True,
    )
    if found and found != known.trigger:
        st.warning(t("import.trigger_kept", trigger=found), icon=":material/warning:")


def _trigger(guess: str, key: str) -> str:
    return str(
        st.text_area(
            t("import.trigger"),
            value=guess,
            height=80,
            key=f"{key}_trigger",
            help=t("import.trigger_help"),
        )
    ).strip()
