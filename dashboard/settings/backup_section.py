"""The backups of the workspace: making one, those there are, and how one comes back."""

import streamlit as st

from dashboard import state
from dashboard.format import size, when
from dashboard.guard import guarded
from dashboard.parts.notices import done
from dashboard.settings.room_section import count_again
from dashboard.text import t
from pipeline import backups

MOST_SHOWN = 5


def backup_section() -> None:
    """Draw the button, the newest backups, and the line that brings one back."""
    st.markdown(t("settings.backup_words"))
    if st.button(t("settings.back_up"), key="settings_backup", icon=":material/save:"):
        with guarded():
            _back_up()
    found = backups.listed(state.workspace())
    for each in found[:MOST_SHOWN]:
        made = f"{size(each.size_bytes)} · {when(each.at)}"
        st.markdown(f":material/database: `{each.file.name}` :gray[:small[{made}]]")
    if found:
        st.caption(t("settings.backup_where", count=len(found)))
        st.code(str(state.workspace().backups), language=None, wrap_lines=True)
    with st.expander(t("settings.recover"), key="settings_recover"):
        st.markdown(t("settings.recover_words"))
        file = str(found[0].file) if found else "FILE"
        st.code(f'python -m pipeline recover "{file}" --replace', language="sh", wrap_lines=True)


def _back_up() -> None:
    with st.spinner(t("settings.backing_up"), show_time=True):
        made = backups.backup_here(state.store(), state.workspace())
    count_again()
    done(t("settings.backed_up", count=made.pairs, file=made.file.name))
