"""The recipe that the Export page is being asked for: session state behind its widgets.

All keys start with `export_`. It draws nothing.
"""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from pipeline.errors import BadInput
from pipeline.publish import recipe_file
from pipeline.publish.recipe import Recipe, SystemPolicy
from pipeline.publish.warnings import suggested_replay
from store import datasets
from store.types import Dataset, DatasetSummary

DATASETS, LAYOUT, NAME = "export_datasets", "export_layout", "export_name"
TEST, FACTS, REPLAY, REPLAY_ALL = (
    "export_test_share", "export_fact_share", "export_replay", "export_replay_all",
)  # fmt: skip
SYSTEM, SYSTEM_TEXT, SEED = "export_system", "export_system_text", "export_seed"
TOGETHER = "export_paraphrases_together"
FORMAT, ACCEPTED, UPLOADED = "export_format", "export_accepted_only", "export_recipe_file"
PROBLEM = "export_recipe_problem"
POLICIES: tuple[SystemPolicy, ...] = get_args(SystemPolicy)


def repeat_key(dataset: Dataset) -> str:
    """Return the key of the field that says how often a dataset is repeated."""
    return f"export_repeat_{dataset.id}"


def layout_key(dataset: Dataset) -> str:
    """Return the key of the field that says how a dataset is laid out."""
    return f"export_layout_{dataset.id}"


def follow(key: str, suggested: object) -> None:
    """Fill a field with a suggestion while the person has not chosen otherwise."""
    last = f"{key}_suggested"
    if key not in st.session_state or st.session_state[key] == st.session_state.get(last):
        st.session_state[key] = suggested
    st.session_state[last] = suggested


def chosen(summaries: Sequence[DatasetSummary]) -> list[DatasetSummary]:
    """Return the datasets that are chosen, in the order they were."""
    by_name = {summary.dataset.name: summary for summary in summaries}
    names = st.session_state.get(DATASETS, [])
    return [by_name[name] for name in names if name in by_name]


def suggested_share(summaries: Sequence[DatasetSummary]) -> tuple[int, int]:
    """Return the suggested replay share in per cent, and for how many other rows."""
    rows = sum(
        summary.usable * int(st.session_state.get(repeat_key(summary.dataset), 1))
        for summary in summaries
        if summary.dataset.role != "general"
    )
    return round(suggested_replay(rows) * 100), rows


def read(summaries: Sequence[DatasetSummary]) -> Recipe | None:
    """Return the recipe asked for; None while it is incomplete. BadInput where it cannot be."""
    found, held = chosen(summaries), st.session_state
    name = str(held.get(NAME, "")).strip()
    if not found or not name:
        return None
    repeats = {each.dataset.name: int(held.get(repeat_key(each.dataset), 1)) for each in found}
    layouts = {each.dataset.name: held.get(layout_key(each.dataset)) for each in found}
    text = str(held.get(SYSTEM_TEXT, "")).strip()
    policy = held.get(SYSTEM, "keep")
    has_general = any(each.dataset.role == "general" for each in found)
    replay = None if held.get(REPLAY_ALL) or not has_general else held[REPLAY] / 100
    return Recipe(
        name,
        tuple(each.dataset.name for each in found),
        layout=held[LAYOUT],
        layouts={key: layout for key, layout in layouts.items() if layout},
        repeats={key: times for key, times in repeats.items() if times != 1},
        replay=replay,
        test_share=held[TEST] / 100,
        fact_share=held[FACTS] / 100,
        paraphrases="together" if held.get(TOGETHER, True) else "tested",
        system="keep" if policy == "text" and not text else policy,
        system_text=text if policy == "text" else "",
        accepted_only=bool(held.get(ACCEPTED)),
        seed=int(held.get(SEED, 42)),
        file_format=held.get(FORMAT, "json"),
    )


def take_file() -> None:
    """Fill the fields from the recipe that was dropped; keeps in words why it cannot be."""
    file = st.session_state.get(UPLOADED)
    st.session_state.pop(PROBLEM, None)
    if file is None:
        return
    try:
        recipe = recipe_file.read(file.getvalue().decode("utf-8-sig"))
        known = {each.dataset.name: each.dataset for each in datasets.summaries(state.store())}
        missing = [name for name in recipe.datasets if name not in known]
        if missing:
            raise BadInput("This workspace has no dataset {dataset!r}.", dataset=missing[0])
    except (BadInput, UnicodeDecodeError) as fact:
        st.session_state[PROBLEM] = words(fact) if isinstance(fact, BadInput) else str(fact)
        return
    _fill(recipe, known)


def _fill(recipe: Recipe, known: dict[str, Dataset]) -> None:
    st.session_state.update(
        {
            NAME: recipe.name,
            DATASETS: list(recipe.datasets),
            LAYOUT: recipe.layout,
            TEST: round(recipe.test_share * 100),
            FACTS: round(recipe.fact_share * 100),
            REPLAY_ALL: recipe.replay is None,
            TOGETHER: recipe.paraphrases == "together",
            SYSTEM: recipe.system,
            SYSTEM_TEXT: recipe.system_text,
            ACCEPTED: recipe.accepted_only,
            SEED: recipe.seed,
            FORMAT: recipe.file_format,
        }
    )
    if recipe.replay is not None:
        st.session_state[REPLAY] = round(recipe.replay * 100)
    for name in recipe.datasets:
        st.session_state[repeat_key(known[name])] = recipe.repeat_of(name)
        st.session_state[layout_key(known[name])] = recipe.layouts.get(name)


@reaction
def test_close_wordings() -> None:
    """Let close wordings of a fact be tested although others of them are trained."""
    st.session_state[TOGETHER] = False


@reaction
def set_trigger(dataset: Dataset, key: str) -> None:
    """Give a dataset the task sentence that was chosen or written."""
    text = str(st.session_state.get(key) or "").strip()
    if text:
        datasets.update(
            state.store(), dataset.id, role=dataset.role, domain=dataset.domain, trigger=text
        )
