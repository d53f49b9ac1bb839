"""Taking a model elsewhere: the vLLM command, the Modelfile, the model card."""

from typing import get_args

import streamlit as st

from dashboard.format import size
from dashboard.guard import words
from dashboard.models import handing
from dashboard.models.handover_job import handover_job
from dashboard.models.push_dialog import ask_push
from dashboard.said import said
from dashboard.text import literal, plain, t
from pipeline.handover import vllm
from pipeline.handover.jobs import Outtype
from pipeline.handover.subject import Subject
from pipeline.handover.vllm import NotForVllm


def hand_over(subject: Subject, *, key: str) -> None:
    """Draw what can be done with the model elsewhere, each with its exact command."""
    st.markdown(f"**{t('models.hand_over')}**")
    with st.expander(t("models.vllm"), icon=":material/dns:", key=f"{key}_vllm"):
        _vllm(subject)
    with st.expander(t("models.ollama"), icon=":material/terminal:", key=f"{key}_ollama"):
        if subject.merged:
            _ollama(subject, key)
        else:
            st.caption(t("models.merge_first"))
    for kind in ("gguf", "push"):
        if job := handing.latest(subject, kind):
            handover_job(job)
    with st.container(horizontal=True):
        st.button(
            t("models.card_write"),
            key=f"{key}_card",
            icon=":material/description:",
            help=t("models.card_help"),
            on_click=handing.write_card,
            args=(subject,),
        )
        if st.button(
            t("models.push_open"),
            key=f"{key}_push",
            icon=":material/cloud_upload:",
            help=t("models.push_help"),
        ):
            ask_push(subject)


def _vllm(subject: Subject) -> None:
    try:
        command = vllm.command(subject)
    except NotForVllm as fact:
        st.markdown(f":orange[:material/warning: {literal(words(fact))}]")
        return
    st.caption(t("models.vllm_words", model=command.model))
    st.code(command.line, language="bash", wrap_lines=True)


def _ollama(subject: Subject, key: str) -> None:
    made = handing.modelfile(subject)
    st.caption(t("models.ollama_words"))
    st.code(f"ollama create {subject.name} -f Modelfile", language="bash")
    st.code(made.text, language="docker", wrap_lines=True)
    if made.needs_gguf:
        st.markdown(f":orange[:material/warning: {t('models.ollama_gguf')}]")
    _gguf(subject, key)
    if made.untranslated:
        st.markdown(f":orange[:material/warning: {literal(said(made.untranslated))}]")
    st.button(
        t("models.ollama_write"),
        key=f"{key}_modelfile",
        icon=":material/save:",
        on_click=handing.write_modelfile,
        args=(subject,),
    )


def _gguf(subject: Subject, key: str) -> None:
    """Draw the GGUF files that are there, and how to make one."""
    for path in handing.gguf_files(subject):
        st.markdown(
            f":green[:material/check_circle:] {t('models.gguf_there', file=path.name)} "
            f":gray[{size(path.stat().st_size)}]"
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            t("models.gguf_type"),
            get_args(Outtype),
            format_func=lambda name: plain("models.dtype_auto_model") if name == "auto" else name,
            key=handing.OUTTYPE,
            width=180,
        )
        st.button(
            t("models.gguf_make"),
            key=f"{key}_gguf",
            icon=":material/package_2:",
            help=t("models.gguf_help"),
            on_click=handing.make_gguf,
            args=(subject,),
        )
