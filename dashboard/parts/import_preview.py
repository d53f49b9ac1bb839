"""One file before its import: what was recognised, its first rows, its refusals, where it goes."""

import streamlit as st

from dashboard.format import shortened
from dashboard.importing import Source, suggested
from dashboard.parts.chips import ROLE, chip
from dashboard.parts.notices import problem
from dashboard.text import has, literal, named, plain, t
from pipeline.curate.formats import Refused
from pipeline.curate.importing import Target
from pipeline.curate.ingest import Ingested

ROWS_SHOWN = 5
REFUSED_SHOWN = 200
CELL_CHARACTERS = 200
COLUMN_ROLES = ("instruction", "input", "output", "system", "history", "facts")


def import_preview(source: Source, key: str) -> Target | None:
    """Draw a file and ask where it goes; None where nothing of it can be used."""
    with st.container(border=True, key=key):
        st.subheader(literal(source.name), anchor=False)
        if source.read is None:
            problem(source.problem)
            return None
        left, right = st.columns([3, 2], gap="large")
        with left:
            _recognised(source.read)
            _first_rows(source.read)
            refusals(source.read.refused, f"{key}_refused")
        with right:
            return _target(source.read, key)


def refusals(refused: tuple[Refused, ...], key: str) -> None:
    """Draw which rows are left out and why; nothing where all are whole."""
    if not refused:
        return
    label = t("import.refused", count=len(refused))
    with st.expander(label, icon=":material/block:", key=key):
        table = {
            plain("import.row"): [each.row for each in refused[:REFUSED_SHOWN]],
            plain("import.reason"): [reason_words(each.reason) for each in refused[:REFUSED_SHOWN]],
        }
        st.dataframe(table, hide_index=True, alt=plain("import.refused_alt"))
        if len(refused) > REFUSED_SHOWN:
            st.caption(t("import.refused_more", count=len(refused) - REFUSED_SHOWN))


def reason_words(reason: str) -> str:
    """Return why a row is refused in the reader's language, where there are words for it."""
    key = "import.reason_" + reason.replace(" ", "_")
    return plain(key) if has(key) else reason


def _recognised(read: Ingested) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chip(t("import.pairs", count=len(read.rows)), "forum")
        chip(t(f"import.layout_{read.layout}"), "schema", "blue")
    st.caption(t(f"import.why_{read.layout}"))
    names = {role: getattr(read.columns, role) for role in COLUMN_ROLES}
    mapping = [
        t(
            "import.mapped",
            column=str(column),
            meaning=plain(f"import.meaning_{read.layout}_{role}"),
        )
        for role, column in names.items()
        if column
    ]
    st.caption(" · ".join(mapping))
    for warning in read.warnings:
        st.warning(literal(warning), icon=":material/warning:")


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
    widths = {name: st.column_config.TextColumn(width="medium") for name in table}
    st.dataframe(table, hide_index=True, column_config=widths, alt=plain("import.first_rows"))


def _target(read: Ingested, key: str) -> Target:
    guess = suggested(read)
    name = st.text_input(
        t("import.dataset"), value=guess.name, key=f"{key}_name", help=t("import.dataset_help")
    )
    roles = list(ROLE)
    words = named("shell.role", roles)
    role = st.segmented_control(
        t("import.role"),
        roles,
        default=guess.role,
        required=True,
        format_func=words.__getitem__,
        key=f"{key}_role",
    )
    st.caption(t(f"import.role_{role}"))
    domain, trigger = "", ""
    if role == "domain":
        domain = st.text_input(t("import.domain"), value=guess.domain, key=f"{key}_domain")
        trigger = st.text_area(
            t("import.trigger"),
            value=guess.trigger or "",
            height=80,
            key=f"{key}_trigger",
            help=t("import.trigger_help"),
        )
    return Target(name.strip(), role or guess.role, domain.strip(), trigger.strip())
