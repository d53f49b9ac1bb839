"""Where a run comes from and what went on from it, as a line of links: parent → run → children."""

from collections.abc import Sequence

import streamlit as st

from dashboard import watching
from dashboard.parts.links import to_page
from dashboard.runs import keeping
from dashboard.text import literal, plain, t
from pipeline.train.checkpoints import step_in
from pipeline.train.state import Run

MOST_CHILDREN = 6


def lineage(run: Run, listed: Sequence[Run]) -> None:
    """Draw the line; nothing for a run that stands alone."""
    ancestors, children = _ancestors(run, listed), keeping.children(run.id, listed)
    if not (ancestors or children or run.config.initial_adapter):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if run.config.initial_adapter and not ancestors:
            st.caption(t("runs.from_elsewhere", adapter=run.config.initial_adapter))
        for ancestor in ancestors:
            _run(ancestor)
            st.markdown(":gray[:material/arrow_forward:]", width="content")
        st.markdown(f"**{t('runs.name', run=str(run.id))}**", width="content")
        if step := step_in(run.config.initial_adapter):
            st.caption(t("runs.from_step", step=step), width="content")
        if children:
            st.markdown(":gray[:material/arrow_forward:]", width="content")
        for child in children[:MOST_CHILDREN]:
            _run(child)
        if more := children[MOST_CHILDREN:]:
            st.caption(t("runs.more_children", count=len(more)), width="content")


def _run(run: Run) -> None:
    words = f"{plain('runs.name', run=run.id)} · {literal(run.title)}"
    to_page("runs", words, {watching.RUN: str(run.id)})


def _ancestors(run: Run, listed: Sequence[Run]) -> list[Run]:
    """The runs that it comes from, the oldest first; a circle in damaged files ends it."""
    by_id = {each.id: each for each in listed}
    found: list[Run] = []
    at = run.config.parent_run
    while at in by_id and by_id[at] not in found and at != run.id:
        found.append(by_id[at])
        at = by_id[at].config.parent_run
    return found[::-1]
