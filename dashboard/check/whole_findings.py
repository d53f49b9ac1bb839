"""What is said of datasets as a whole."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.parts.pair_flags import SEVERITY
from dashboard.text import literal, t
from pipeline.curate import dataset_checks
from pipeline.curate.dataset_checks import WholeFinding
from store.types import DatasetSummary

MOST_DATASETS = 20
"""Of more datasets than this the first are looked at as wholes; choosing one shows any."""


def whole_findings(summaries: Sequence[DatasetSummary]) -> None:
    """Draw a line for each thing that is wrong with a dataset."""
    for summary in summaries[:MOST_DATASETS]:
        if not summary.usable:
            continue
        for each in _found(summary):
            icon, colour = SEVERITY[each.severity]
            words = t(f"finding.{each.code}_why", fact=each.fact)
            name = literal(summary.dataset.name)
            st.markdown(f":{colour}[:material/{icon}:] **{name}** · {words}")


def _found(summary: DatasetSummary) -> tuple[WholeFinding, ...]:
    """Remembered until something is written."""
    database = state.store()
    key = f"whole {summary.dataset.id}"
    return database.remembered(key, lambda: tuple(dataset_checks.of_dataset(database, summary)))
