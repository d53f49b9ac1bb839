"""The question before an adapter is merged: which, under which name, in which number format."""

from typing import get_args

import streamlit as st

from dashboard import serving
from dashboard.models import modelling
from dashboard.text import plain, t
from pipeline.merge.config import Dtype
from pipeline.train.state import Run


def ask_merge(runs: dict[int, Run], wanted: int) -> None:
    """Open the dialog; its title is in the reader's language, so it is made here."""
    st.dialog(plain("models.merge_title"), icon=":material/merge:")(_ask)(runs, wanted)


def _ask(runs: dict[int, Run], wanted: int) -> None:
    st.markdown(t("models.merge_words"))
    numbers = list(runs)
    run = runs[
        st.selectbox(
            t("models.merge_run"),
            numbers,
            index=numbers.index(wanted),
            format_func=lambda number: f"{number} · {runs[number].config.title}",
            key=modelling.RUN,
        )
    ]
    if run.config.settings.quantization != "none":
        st.caption(f":material/info: {t('models.merge_quantised')}")
    st.selectbox(
        t("models.merge_step"),
        [None, *modelling.steps(run)],
        format_func=lambda step: (
            plain("models.merge_last")
            if step is None
            else plain("models.merge_at_step", step=str(step))
        ),
        key=modelling.STEP,
    )
    st.text_input(
        t("models.merge_name"),
        modelling.suggested_name(run),
        key=modelling.name_key(run.id),
        max_chars=80,
        help=t("models.merge_name_help"),
    )
    _ask_more()
    _ask_sure()


def _ask_more() -> None:
    with st.expander(t("models.merge_more"), key="models_merge_more"):
        st.selectbox(
            t("models.dtype"),
            get_args(Dtype),
            format_func=lambda name: plain("models.dtype_auto") if name == "auto" else name,
            key=modelling.DTYPE,
            help=t("models.dtype_help"),
        )
        st.selectbox(t("models.merge_shards"), modelling.SHARD_SIZES, index=2, key=modelling.SHARDS)
        devices = serving.device_names()
        st.selectbox(
            t("models.merge_device"),
            list(devices),
            index=list(devices).index("cpu"),
            format_func=devices.__getitem__,
            key=modelling.DEVICE,
            help=t("models.merge_device_help"),
        )


def _ask_sure() -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("shell.cancel"), key="models_merge_cancel"):
            st.rerun()
        go = st.button(
            t("models.merge"),
            key="models_merge_go",
            type="primary",
            icon=":material/merge:",
            on_click=modelling.merge,
        )
        if go:
            st.rerun()
