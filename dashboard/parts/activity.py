"""Actions in words: what was done to the pairs, when, and whether it still holds."""

import streamlit as st

from dashboard.format import when
from dashboard.text import plain, t
from store.types import Action


def action_words(action: Action) -> str:
    """Return what an action did, as Markdown."""
    summary = action.summary
    if action.kind == "status":
        summary = plain(f"shell.status_{summary}")
    if action.kind == "fix":
        codes = summary.split(", ")
        summary = plain("said.between").join(plain(f"finding.{code}") for code in codes)
    return t(f"shell.action_{action.kind}", count=action.pair_count, summary=summary)


def activity(actions: tuple[Action, ...]) -> None:
    """Draw actions, newest first, one line each."""
    for action in actions:
        undone = f" · {t('shell.was_undone')}" if action.undone_by else ""
        st.markdown(f"{action_words(action)} :gray[:small[{when(action.at)}{undone}]]")
