"""What Graft is, and what it stands on, with versions and licences."""

import streamlit as st

from dashboard.text import t
from pipeline import about


def about_section() -> None:
    """Draw Graft's own version and licence, and those of the main libraries."""
    graft, libraries = about.graft(), about.libraries()
    st.markdown(t("settings.graft", version=graft.version, licence=graft.licence))
    st.table(
        {
            t("settings.library"): [each.name for each in libraries],
            t("settings.version"): [each.version for each in libraries],
            t("settings.licence"): [each.licence for each in libraries],
        },
        border="horizontal",
        hide_index=True,
    )
    st.caption(t("settings.licences_words"))
