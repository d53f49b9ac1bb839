"""Taking a model elsewhere: the vLLM command, the Modelfile, the model card."""

import streamlit as st

from dashboard import handing
from dashboard.guard import words
from dashboard.text import literal, t
from pipeline.handover import vllm
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
    st.button(
        t("models.card_write"),
        key=f"{key}_card",
        icon=":material/description:",
        help=t("models.card_help"),
        on_click=handing.write_card,
        args=(subject,),
    )


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
    if made.untranslated:
        st.markdown(f":orange[:material/warning: {literal(made.untranslated)}]")
    st.button(
        t("models.ollama_write"),
        key=f"{key}_modelfile",
        icon=":material/save:",
        on_click=handing.write_modelfile,
        args=(subject,),
    )
