"""A base model in words: what it is, and the system prompt that its template hides."""

import streamlit as st

from dashboard.format import number, size
from dashboard.parts.prose import prose
from dashboard.text import literal, plain, t
from pipeline.models.catalog import BaseModel


def model_words(model: BaseModel) -> str:
    """Return architecture, size and number format in one line."""
    parts = [
        model.architecture,
        parameters(model.parameters) if model.parameters else "",
        size(model.size_bytes) if model.size_bytes else "",
        model.dtype,
    ]
    return " · ".join(part for part in parts if part)


def parameters(count: int) -> str:
    """Return 134,515,008 as 135 M and 7,000,000,000 as 7.0 B."""
    if count >= 1_000_000_000:
        return f"{number(count / 1e9, 1)} B"
    return f"{number(count / 1e6, 0 if count >= 10_000_000 else 1)} M"


def base_facts(model: BaseModel) -> None:
    """Draw what the folder tells of the model; what it does not tell is left out."""
    facts = {
        "architecture": literal(model.architecture),
        "parameters": parameters(model.parameters) if model.parameters else "",
        "size": size(model.size_bytes) if model.size_bytes else "",
        "dtype": model.dtype,
        "context": t("models.tokens", count=model.context_tokens) if model.context_tokens else "",
        "folder": literal(str(model.folder)),
    }
    told = {plain(f"models.{name}"): words for name, words in facts.items() if words}
    st.table(told, border="horizontal", width="content")


def hidden_prompt(model: BaseModel, *, key: str, claimed: tuple[str, ...] = ()) -> None:
    """Quote the system prompt that the template adds on its own, or say that it adds none.

    `claimed` are the names of a model or maker in it, which are said below.
    """
    if model.default_prompt is None:
        st.markdown(f":gray[{t('models.system_none')}]")
        return
    st.markdown(f":orange[:material/visibility_off:] {t('models.system_words')}")
    with st.container(border=True, key=key):
        prose(model.default_prompt)
    if claimed:
        st.markdown(
            f":orange[:material/badge:] {t('models.system_claims', names=', '.join(claimed))}"
        )
