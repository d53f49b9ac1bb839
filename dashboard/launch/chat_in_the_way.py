"""The question that is asked where chat holds a model on the device that a run needs."""

import streamlit as st

from dashboard.runs import queueing
from dashboard.text import named, t


def ask_chat(device: str) -> None:
    """Ask whether chat gives way; draws nothing where the device holds no chat model."""
    holding = queueing.in_the_way(device)
    if holding is None:
        return
    words = named("queue.chat", queueing.CHAT_CHOICES)
    asked = t("queue.chat_holds", model=holding.config.model.name, device=device)
    chosen = st.segmented_control(
        f":orange[:material/forum:] {asked}",
        list(words),
        format_func=words.__getitem__,
        required=True,
        key=queueing.CHAT,
        persist_state="session",
    )
    st.caption(t(f"queue.chat_{chosen}_why"))
