"""What the token view works with: a model's tokenizer, the row that is looked at, what is cut.

Holds session state under names that start with `tokens_`; it draws nothing and imports no torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import streamlit as st

from dashboard import state
from pipeline.models import catalog, tokenizer
from pipeline.models.catalog import BaseModel
from pipeline.models.example import Record
from pipeline.models.template import Policy, SystemPrompt
from pipeline.models.tokenizer import LocalCoder
from pipeline.models.view import Hidden, View, hidden, view
from pipeline.publish import seen
from pipeline.publish.seen import CutCount
from pipeline.train.config import Settings
from store import datasets, history, pairs
from store.types import Layout, Pair, PairFilter, Status

MODEL, POLICY, CUTOFF = "tokens_model", "tokens_policy", "tokens_cutoff"
DATASET, ROW, LAYOUT = "tokens_dataset", "tokens_row", "tokens_layout"
COUNTED_AT_ONCE = 20_000
"""More pairs are counted only when asked for: it takes seconds."""
USABLE: tuple[Status, ...] = ("unreviewed", "accepted")


@dataclass(frozen=True, slots=True)
class Seen:
    """A pair as the chosen model sees it."""

    pair: Pair
    coder: LocalCoder
    view: View


def models() -> tuple[BaseModel, ...]:
    """Return the base models of the workspace that can be used."""
    return tuple(model for model in catalog.listed(state.workspace()) if not model.fault)


def chosen_model() -> BaseModel | None:
    """Return the model that was chosen; the first one where none was, None where there is none."""
    found = {model.name: model for model in models()}
    return found.get(st.session_state.get(MODEL, "")) or next(iter(found.values()), None)


def coder(model: BaseModel, policy: Policy) -> LocalCoder:
    """Return a model's tokenizer under a system prompt policy; raises what loading raises."""
    return _coder(str(model.folder), tokenizer.stamp(model.folder), policy)


def usable(dataset: str) -> int:
    """Return how many pairs of a dataset an export takes."""
    summaries = {each.dataset.name: each.usable for each in datasets.summaries(state.store())}
    return summaries.get(dataset, 0)


def trigger(dataset: str) -> str:
    """Return the task sentence of a dataset; empty where it has none."""
    return datasets.by_name(state.store(), dataset).trigger


def pair(dataset: str, number: int) -> Pair | None:
    """Return pair `number` (1-based) of those that an export takes of a dataset."""
    found = datasets.by_name(state.store(), dataset)
    matching = PairFilter(found.id, USABLE)
    rows = pairs.page(state.store(), matching=matching, number=number, size=1).rows
    return rows[0] if rows else None


def record(shown: Pair, dataset: str, layout: Layout) -> Record:
    """Return a pair as its row in a layout."""
    return seen.record_of(shown, trigger(dataset) if layout == "format3" else "")


def seen_pair(shown: Pair, dataset: str, with_coder: LocalCoder) -> Seen:
    """Return the pair as the model sees it in the chosen layout and within the chosen cut-off."""
    layout = cast("Layout", st.session_state.get(LAYOUT) or "format3")
    looked = view(with_coder, record(shown, dataset, layout), cutoff=cutoff())
    return Seen(shown, with_coder, looked)


def cutoff() -> int:
    """Return the chosen cut-off in tokens."""
    return int(st.session_state.get(CUTOFF) or Settings().cutoff_tokens)


def hidden_prompt(with_coder: LocalCoder) -> Hidden:
    """Return the template's own system prompt beside who the identity pairs say the model is."""
    return hidden(with_coder, _introductions(state.store().path.as_posix(), _latest()))


def count_cut(names: tuple[str, ...], with_coder: LocalCoder, policy: Policy) -> CutCount:
    """Count what the chosen cut-off cuts of the datasets' pairs; kept until something changes."""
    folder = with_coder.folder
    key = (_latest(), str(folder), tokenizer.stamp(folder), policy, cutoff())
    return _counted(state.store().path.as_posix(), names, key, with_coder)


@st.cache_resource(show_spinner=False, max_entries=6)
def _coder(folder: str, stamp: object, policy: Policy) -> LocalCoder:
    return tokenizer.load(Path(folder), SystemPrompt(policy))


@st.cache_data(show_spinner=False, max_entries=32)
def _counted(workspace: str, names: tuple[str, ...], key: object, _coder: LocalCoder) -> CutCount:
    found = CutCount()
    for name in names:
        dataset = datasets.by_name(state.store(), name)
        rows = pairs.each(state.store(), matching=PairFilter(dataset.id, USABLE))
        records = (seen.record_of(row, dataset.trigger) for row in rows)
        found = found.plus(seen.count(records, _coder, cutoff(), named=name))
    return found


@st.cache_data(show_spinner=False, max_entries=8)
def _introductions(workspace: str, latest: int) -> list[str]:
    found: list[str] = []
    for summary in datasets.summaries(state.store()):
        if summary.dataset.role == "identity":
            matching = PairFilter(summary.dataset.id, USABLE)
            page = pairs.page(state.store(), matching=matching, size=seen.INTRODUCTIONS)
            found += [row.answer for row in page.rows]
    return found


def _latest() -> int:
    """What tells whether any pair was changed: the newest action."""
    newest = history.latest(state.store(), count=1)
    return newest[0].id if newest else 0
