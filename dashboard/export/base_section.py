"""What a base model says to a recipe: asked before anything is exported."""

import streamlit as st

from dashboard.export import seeing
from dashboard.export.known_section import known_section
from dashboard.export.replay_section import replay_section
from dashboard.export.token_section import what_the_model_sees
from dashboard.parts.links import to_page
from dashboard.text import t


def base_section(names: tuple[str, ...]) -> None:
    """Draw the sections that need a base model, for the datasets of a recipe."""
    st.space("small")
    st.subheader(t("tokens.base_title"), anchor=False)
    models = seeing.models()
    if not models:
        st.caption(t("tokens.no_model"))
        to_page("models", t("tokens.to_models"))
        return
    st.selectbox(
        t("tokens.model"),
        [model.name for model in models],
        key=seeing.MODEL,
        persist_state="session",
        width=420,
    )
    model = seeing.chosen_model()
    if model is not None:
        what_the_model_sees(model, names)
        replay_section(model, names)
        known_section(model, names)
