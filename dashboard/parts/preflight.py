"""The list of what is to be known before a run starts, one line each."""

import streamlit as st

from dashboard.format import duration
from dashboard.text import t
from pipeline.train.preflight import Check, Level

ICONS: dict[Level, tuple[str, str]] = {
    "good": ("check_circle", "green"),
    "look": ("warning", "orange"),
    "broken": ("block", "red"),
}


def preflight_list(checks: tuple[Check, ...]) -> None:
    """Draw the checks in their order; what stops the start is told by icon, colour and word."""
    st.markdown(f"**{t('launch.preflight')}**")
    with st.container(border=True, key="launch_preflight", gap="xsmall"):
        for check in checks:
            icon, colour = ICONS[check.level]
            words = check_words(check)
            if check.level == "broken":
                words = f"**{t('launch.level_broken')}:** {words}"
            st.markdown(f":{colour}[:material/{icon}:] {words}")


def check_words(check: Check) -> str:
    """Return a check in the reader's words."""
    values = dict(check.values)
    if isinstance(seconds := values.pop("seconds", None), int | float):
        values["time"] = duration(float(seconds))
    return t(f"launch.check_{check.name}_{check.level}", **values)
