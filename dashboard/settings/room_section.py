"""What takes how much room in the workspace, and what the disk has left."""

import streamlit as st

from dashboard import state
from dashboard.format import percent, size
from dashboard.parts.links import to_page
from dashboard.text import t
from pipeline import room
from pipeline.room import Room
from pipeline.workspace import Workspace

KEPT_S = 30
"""Seconds for which a count is believed; a hundred thousand files take a second to count."""
_LITTLE = 0.05
"""Of the disk; with less left it is time to delete something."""


def room_section() -> None:
    """Draw the sizes, the largest first, and where things can be deleted."""
    with st.spinner(t("settings.counting"), show_time=True):
        found = _room(state.workspace())
    sizes = sorted(found.parts.items(), key=lambda part: part[1], reverse=True)
    shown = {t(f"settings.part_{name}"): size(taken) for name, taken in sizes if taken}
    st.table({**shown, t("settings.part_all"): size(found.total_bytes)}, border="horizontal")
    _free(found)
    to_page("runs", t("settings.make_room"))


def count_again() -> None:
    """Forget what was counted: something was written or deleted."""
    _room.clear()


def _free(found: Room) -> None:
    share = found.free_bytes / found.disk_bytes
    words = t(
        "settings.free",
        free=size(found.free_bytes),
        disk=size(found.disk_bytes),
        share=percent(share),
    )
    if share < _LITTLE:
        st.markdown(f":orange[:material/warning: {words} {t('settings.free_little')}]")
    else:
        st.caption(words)


@st.cache_data(show_spinner=False, ttl=KEPT_S, max_entries=4)
def _room(workspace: Workspace) -> Room:
    return room.taken(workspace)
