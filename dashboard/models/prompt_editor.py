"""What an adapter or merged model is served with: its system prompt and template, to be changed."""

from pathlib import Path

import streamlit as st

from dashboard.models import modelling
from dashboard.parts.prose import prose
from dashboard.text import named, t
from pipeline.handover.subject import Subject


def prompt_editor(subject: Subject, *, key: str) -> None:
    """Draw the prompt that stands in the template now, and how to store another."""
    stored = subject.stored
    st.markdown(f"**{t('models.prompt')}**")
    _quoted(stored.system_prompt, key=f"{key}_now")
    if stored.is_changed:
        st.markdown(f":orange[:material/edit_note: {t('models.prompt_changed')}]")
        st.button(
            t("models.prompt_put_back"),
            key=f"{key}_back",
            icon=":material/undo:",
            on_click=modelling.put_back,
            args=(subject.folder, key),
        )
    with st.expander(t("models.prompt_change"), icon=":material/edit:", key=f"{key}_change"):
        st.caption(t("models.prompt_where"))
        _choose(subject.folder, subject.base, key)
    opened = st.expander(
        t("models.template_show"), icon=":material/data_object:", key=f"{key}_open",
        on_change="rerun",
    )  # fmt: skip
    if opened.open:
        with opened:
            st.caption(t("models.template_example"))
            st.code(stored.example, language=None, wrap_lines=True)
            st.text_area(
                t("models.template_edit"),
                stored.template,
                key=f"{key}_template",
                height=280,
            )
            st.button(
                t("models.template_store"),
                key=f"{key}_template_store",
                on_click=modelling.store_template,
                args=(subject.folder, key),
            )


def _quoted(prompt: str | None, *, key: str) -> None:
    if prompt is None:
        st.markdown(f":green[:material/check_circle:] {t('models.prompt_none')}")
        return
    st.caption(t("models.prompt_words"))
    with st.container(border=True, key=key):
        prose(prompt)


def _choose(folder: Path, base: Path, key: str) -> None:
    words = named("models.policy", modelling.POLICIES)
    policy = st.radio(
        t("models.prompt_other"),
        list(words),
        format_func=words.__getitem__,
        key=f"{key}_policy",
        label_visibility="collapsed",
    )
    text = ""
    if policy == "text":
        text = st.text_area(t("models.prompt_text"), key=f"{key}_text", max_chars=20_000) or ""
    st.button(
        t("models.prompt_store"),
        key=f"{key}_store",
        disabled=policy == "text" and not text.strip(),
        on_click=modelling.store_prompt,
        args=(folder, base, key),
    )
