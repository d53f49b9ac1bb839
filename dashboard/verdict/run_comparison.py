"""Runs, and the runs of a study, side by side: in what their plans differ, and what was found."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.parts.scores import figure
from dashboard.runs import overlaying
from dashboard.text import plain, t
from dashboard.verdict.evaluating import Evaluated
from pipeline.evaluate.report import Measure
from pipeline.train.differences import differences

MEASURES: tuple[Measure, ...] = (
    "identity",
    "facts_unseen",
    "contrast_unseen",
    "rouge_l",
    "agreement",
)
MOST_FULL = 12
"""So many rows are shown at once; more are scrolled."""


def run_comparison(found: Sequence[Evaluated], names: Mapping[str, str]) -> None:
    """Draw a row a run, the newest first; nothing where there are not two to compare."""
    if len(found) < 2:
        return
    st.subheader(t("verdict.compared"), anchor=False)
    columns = {
        plain("verdict.compared_run"): [names.get(str(each.run.id), "–") for each in found],
    }
    if any(each.run.config.study for each in found):
        columns[plain("verdict.compared_study")] = [each.run.config.study or "–" for each in found]
    for each in differences([one.run.config for one in found]):
        columns[overlaying.name_words(each.name)] = [
            overlaying.value_text(each, value) for value in each.values
        ]
    for measure in MEASURES:
        scores = [each.model.score(measure) for each in found]
        if any(score.n for score in scores):
            words = plain(f"verdict.measure_{measure}").lstrip("… ")
            columns[words] = [figure(measure, score) for score in scores]
    st.dataframe(
        columns,
        key="verdict_compared",
        hide_index=True,
        height="content" if len(found) <= MOST_FULL else 460,
        alt=plain("verdict.compared"),
    )
    st.caption(t("verdict.compared_words"))
