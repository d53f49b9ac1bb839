"""The dashboard's entry: `streamlit run dashboard/app.py`, from any folder."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st

from dashboard import shell
from dashboard.guard import guarded

st.set_page_config(page_title="Graft", page_icon=":material/conversion_path:", layout="wide")
shell.language_switch()
page = st.navigation(shell.sections())
with guarded():
    shell.frame(page)
    page.run()
