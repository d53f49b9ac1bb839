"""Small badges: a status, a relation, a role. Always an icon and a word, never colour alone."""

from typing import Literal

import streamlit as st

from dashboard.text import t
from store.relation_types import Relation
from store.types import Role, Status

Colour = Literal["red", "orange", "green", "blue", "gray"]

STATUS: dict[Status, tuple[str, Colour]] = {
    "unreviewed": ("radio_button_unchecked", "gray"),
    "accepted": ("check_circle", "green"),
    "rejected": ("cancel", "red"),
    "removed": ("content_copy", "gray"),
}
RELATION: dict[Relation, tuple[str, Colour]] = {
    "duplicate": ("content_copy", "gray"),
    "paraphrase": ("match_word", "blue"),
    "conflict": ("call_split", "orange"),
    "lookalike": ("difference", "gray"),
}
ROLE: dict[Role, str] = {"identity": "badge", "domain": "school", "general": "public"}


def status_chip(status: Status) -> None:
    """Draw what was decided of a pair."""
    icon, colour = STATUS[status]
    st.badge(t(f"shell.status_{status}"), icon=f":material/{icon}:", color=colour)


def relation_chip(relation: Relation) -> None:
    """Draw how the pairs of a cluster belong together."""
    icon, colour = RELATION[relation]
    st.badge(t(f"shell.relation_{relation}"), icon=f":material/{icon}:", color=colour)


def role_chip(role: Role) -> None:
    """Draw what a dataset is for."""
    st.badge(t(f"shell.role_{role}"), icon=f":material/{ROLE[role]}:", color="gray")


def chip(words: str, icon: str, colour: Colour = "gray") -> None:
    """Draw any other badge."""
    st.badge(words, icon=f":material/{icon}:", color=colour)
