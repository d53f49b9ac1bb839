"""The choice of a preset, with its reason and what was changed since."""

import streamlit as st

from dashboard.launch import launching
from dashboard.launch.launching import PRESET_NAMES
from dashboard.text import named, t
from pipeline.train.presets import preset


def ask_preset() -> None:
    """Ask which preset, with its reason; choosing one sets every setting below."""
    name = st.selectbox(
        t("launch.preset"),
        PRESET_NAMES,
        format_func=named("launch.preset", PRESET_NAMES).__getitem__,
        key="launch_preset",
        on_change=launching.take_preset,
        persist_state="session",
    )
    settings = preset(name).settings
    facts = t(
        "launch.preset_facts",
        rate=f"{settings.learning_rate:g}",
        epochs=settings.epochs,
        rank=settings.rank,
    )
    st.caption(f"{facts}  \n{t(f'launch.preset_{name}_why')}")
    if changed := launching.changed_settings():
        st.button(
            f"{t('launch.preset_changed', count=len(changed))} · {t('launch.preset_reset')}",
            key="launch_reset",
            type="tertiary",
            icon=":material/restart_alt:",
            on_click=launching.take_preset,
        )
