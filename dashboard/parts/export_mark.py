"""The mark of an export that is no longer what was made, wherever the export is used."""

from pathlib import Path

import streamlit as st

from dashboard.text import t
from pipeline.publish.standing import standing


def export_mark(folder: Path) -> None:
    """Draw a warning where an export differs from what was made, or is gone; else nothing."""
    stands = standing(folder)
    if stands in ("differs", "gone"):
        st.error(t(f"export.mark_{stands}", name=folder.name), icon=":material/gpp_bad:")
