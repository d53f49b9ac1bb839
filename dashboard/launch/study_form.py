"""Several runs from one form: what varies, how many runs that makes, and how long they take."""

import streamlit as st

from dashboard.format import duration
from dashboard.launch import studying
from dashboard.launch.launching import Export
from dashboard.launch.studying import OFFERED, Planned
from dashboard.text import literal, named, plain, t
from pipeline.models.catalog import BaseModel
from pipeline.train.study import MOST_RUNS


def study_form(model: BaseModel, export: Export) -> Planned | None:
    """Ask whether one run or several, and for several what varies; None for one run."""
    if not st.toggle(
        t("study.several"), key=studying.IS_STUDY, help=t("study.several_help"),
        persist_state="session",
    ):  # fmt: skip
        return None
    with st.container(border=True, key="study_form"):
        st.text_input(
            t("study.name"), key=studying.NAME, placeholder=export.name, max_chars=60,
            persist_state="session",
        )  # fmt: skip
        with st.grid(2, min_column_width=240):
            for name in OFFERED:
                _ask(name)
        planned = studying.planned(model, export)
        _told(planned)
    return planned


def _ask(name: str) -> None:
    """Ask for the values of one setting; none means that it does not vary."""
    words = _words(name)
    st.multiselect(
        t(f"study.vary_{name}"),
        OFFERED[name],
        format_func=lambda value: words.get(value, value),
        accept_new_options=name not in ("layout", "preset"),
        placeholder=plain("study.same"),
        key=studying.key_of(name),
        persist_state="session",
    )


def _words(name: str) -> dict[str, str]:
    return named(f"launch.{name}", OFFERED[name]) if name in ("layout", "preset") else {}


def _told(planned: Planned) -> None:
    if planned.fault:
        st.markdown(f":red[:material/block:] {literal(planned.fault)}")
        return
    count = len(planned.requests)
    if count < 2:
        st.caption(t("study.nothing_varies"))
        return
    time = "" if planned.seconds is None else duration(planned.seconds)
    line = t("study.count_time", count=count, time=time) if time else t("study.count", count=count)
    st.markdown(f"**{line}**")
    with st.expander(t("study.list", count=count), key="study_list"):
        st.markdown("\n".join(f"1. {literal(each.title)}" for each in planned.requests[:MOST_RUNS]))
