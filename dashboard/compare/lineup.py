"""Which models stand beside each other on the Compare page, and how each is called.

Holds the choice in the session under `compare_base` and `compare_columns`, and in the address.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard import serving, state, watching
from dashboard.text import plain
from pipeline.chat import columns, external_servers
from pipeline.chat.external import External
from pipeline.chat.protocol import BASE
from pipeline.train import checkpoints
from pipeline.train.state import Run

RUN, COLUMNS, BASES = "run", "columns", "compare_base"
CHOSEN = "compare_columns"
LETTERS = "ABCDEFGH"
FEWEST = 2


def runs(base: str) -> tuple[Run, ...]:
    """Return the runs with an adapter or checkpoints on a base, the newest first."""
    return tuple(run for run in _all() if run.config.model == base)


def bases() -> dict[str, str]:
    """Return the base models that runs were trained on: folder → name."""
    return {run.config.model: Path(run.config.model).name for run in _all()}


def options(base: str) -> dict[str, str]:
    """Return what can be chosen: column → words. The base, runs with checkpoints, servers."""
    found = {BASE: plain("compare.base_named", base=Path(base).name)}
    for run in runs(base):
        if run.adapter is not None:
            found[str(run.id)] = name(str(run.id))
        for each in checkpoints.listed(run.folder):
            column = columns.Adapter(run.id, each.step).column
            found[column] = name(column)
    return found | {each.column: name(each.column) for each in externals().values()}


def externals() -> dict[str, External]:
    """Return the servers of others that are written down: column → server."""
    return {each.column: each for each in external_servers.listed(state.workspace())}


def name(column: str) -> str:
    """Return the words for a column: "Run 7 · clinic", "Run 7, step 40", "Base"."""
    if column == BASE:
        return plain("compare.base")
    if columns.is_external(column):
        return columns.external_name(column)
    one = columns.adapter(column)
    if one is None:
        return column
    if one.step is not None:
        return plain("compare.checkpoint", run=str(one.run_id), step=one.step)
    return serving.run_names().get(column, plain("compare.run", run=column))


def letter(place: int) -> str:
    """Return how a column is called while its name is hidden."""
    return plain("compare.hidden", letter=LETTERS[place])


def restore() -> bool:
    """Set the first choice, by the address where it names one; False where nothing can be asked."""
    there = bases()
    if not there:
        return False
    is_new = CHOSEN not in st.session_state
    asked = _asked() if is_new else list(st.session_state[CHOSEN])
    if is_new:
        named = {one.run_id for one in map(columns.adapter, asked) if one}
        first = next((run for run in _all() if run.id in named), None)
        st.session_state[BASES] = first.config.model if first else next(iter(there))
    if st.session_state.get(BASES) not in there:
        st.session_state[BASES] = next(iter(there))
    possible = options(st.session_state[BASES])
    kept = [each for each in asked if each in possible]
    if (is_new and len(kept) < FEWEST) or (asked and not kept):
        kept = list(possible)[:FEWEST]
    st.session_state[CHOSEN] = kept
    return True


def chosen() -> tuple[str, ...]:
    """Return the columns that are chosen, in their order."""
    return tuple(st.session_state[CHOSEN])


def triggers(chosen_columns: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the (dataset, task sentence) that the chosen runs learned with."""
    found = [pair for run in _of(chosen_columns) for pair in run.config.triggers]
    return tuple(dict.fromkeys(found))


def exports(chosen_columns: Sequence[str]) -> tuple[Path, ...]:
    """Return the folders of the exports that the chosen runs were trained on."""
    return tuple(dict.fromkeys(Path(run.config.export) for run in _of(chosen_columns)))


def _of(chosen_columns: Sequence[str]) -> list[Run]:
    named = {one.run_id for one in map(columns.adapter, chosen_columns) if one}
    return [run for run in _all() if run.id in named]


def _all() -> list[Run]:
    return [run for run in watching.listed() if run.adapter or checkpoints.listed(run.folder)]


def _asked() -> list[str]:
    if named := st.query_params.get(COLUMNS, ""):
        return [each for each in named.split(",") if each][: columns.MOST_COLUMNS]
    run = st.query_params.get(RUN, "")
    return [BASE, run] if columns.adapter(run) else []
