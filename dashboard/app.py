"""The dashboard's entry: `streamlit run dashboard/app.py`, from any folder."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st

from dashboard import shell
from dashboard.guard import guarded

with guarded():
    shell.dress()
    page = st.navigation(shell.sections())
    shell.frame(page)
    page.run()
