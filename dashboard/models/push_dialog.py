"""The question before a model is pushed to a hub: where to, who may see it, and which files."""

import streamlit as st

from dashboard.format import size
from dashboard.guard import words
from dashboard.models import handing
from dashboard.parts.notices import problem
from dashboard.text import plain, t
from pipeline.errors import PipelineError
from pipeline.handover.hub import NoToken, check_token
from pipeline.handover.subject import Subject


def ask_push(subject: Subject) -> None:
    """Open the dialog; its title is in the reader's language, so it is made here."""
    st.dialog(plain("models.push_title"), icon=":material/cloud_upload:")(_ask)(subject)


def _ask(subject: Subject) -> None:
    try:
        check_token()
    except NoToken as fact:
        problem(words(fact))
        return
    st.text_input(t("models.push_name"), key=handing.REPOSITORY, placeholder="owner/name")
    st.text_input(
        t("models.push_base"),
        subject.base.name,
        key=handing.BASE_NAME,
        help=t("models.push_base_help"),
    )
    st.checkbox(t("models.push_public"), key=handing.PUBLIC)
    named = str(st.session_state.get(handing.REPOSITORY, "")).strip()
    is_ready = bool(named) and _is_sure(subject)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("shell.cancel"), key="models_push_cancel"):
            st.rerun()
        go = st.button(
            t("models.push"),
            key="models_push_go",
            type="primary",
            icon=":material/cloud_upload:",
            disabled=not is_ready,
            on_click=handing.push,
            args=(subject,),
        )
        if go:
            st.rerun()


def _is_sure(subject: Subject) -> bool:
    """Show what would be pushed, and ask; False where it cannot be pushed."""
    try:
        offer = handing.offer(subject)
    except PipelineError as fact:
        problem(words(fact))
        return False
    st.caption(t("models.push_files", count=len(offer.files) + 1, size=size(offer.size_bytes)))
    st.code("\n".join(("README.md", *offer.files)), language=None, height=160)
    who = "public" if st.session_state[handing.PUBLIC] else "private"
    # Another name or reader is another question: its tick is not taken over.
    is_sure: bool = st.checkbox(
        t(f"models.push_sure_{who}", name=offer.plan.repository),
        key=f"{handing.SURE}_{who}_{offer.plan.repository}",
    )
    return is_sure
