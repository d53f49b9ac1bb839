"""Bases, their adapters and what was merged of them, as a tree to choose from."""

import streamlit as st

from dashboard.format import shortened, size
from dashboard.models import modelling
from dashboard.parts.run_card import STATES
from dashboard.text import literal, t
from pipeline.merge.lineage import Kind, Node
from pipeline.train.checkpoints import size_bytes

ICONS: dict[Kind, str] = {"base": "deployed_code", "run": "extension", "merged": "merge"}


def model_tree(nodes: tuple[Node, ...], chosen: Node) -> None:
    """Draw the tree; a click chooses what is shown beside it."""
    with st.container(key="models_tree", gap=None):
        for node in nodes:
            _row(node, is_chosen=node.key == chosen.key)


def _row(node: Node, *, is_chosen: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for _ in range(node.depth):
            st.space("small")
        st.button(
            _name(node),
            key=f"models_node_{node.key}",
            icon=f":material/{ICONS[node.kind]}:",
            type="secondary" if is_chosen else "tertiary",
            on_click=modelling.choose,
            args=(node.key,),
        )
        st.caption(_facts(node), width="content")


def _name(node: Node) -> str:
    if node.kind == "run":
        return t("models.run", run=node.name)
    return literal(node.name)


def _facts(node: Node) -> str:
    """Say in some words what it is and how large."""
    if node.kind == "run" and node.run:
        icon, colour = STATES[node.run.state]
        adapter = node.run.adapter
        if node.run.state == "finished" and adapter:
            return f"{size(size_bytes(adapter))} · {literal(shortened(node.run.config.title, 28))}"
        words = t(f"runs.state_{node.run.state}")
        return f":{colour}[:material/{icon}: {words}]"
    model = node.model
    if model is None:
        return ""
    if model.fault:
        return f":red[:material/error: {t('models.broken_short')}]"
    where = f" · {literal(shortened(node.place, 40))}" if node.place else ""
    return f"{size(model.size_bytes)}{where}"
