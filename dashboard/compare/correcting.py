"""From an answer to a pair: what the correction dialog on the Compare page keeps.

A corrected answer becomes a pair of a dataset, or a question that is only tested. Its source names
the comparison, so that nobody has to ask where it came from.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.compare import lineup
from dashboard.guard import reaction
from pipeline.curate.beside import Beside, beside
from pipeline.errors import BadInput
from pipeline.publish.split import TEST_TAG
from store import datasets, pairs
from store.record_types import Comparison
from store.types import Dataset, NewPair

QUESTION, ANSWER, FACTS, DATASET = (
    f"correct_{name}" for name in ("question", "answer", "facts", "dataset")
)
SAVED = "correct_saved"
TAG = "corrected"


class NothingWritten(BadInput):
    """A pair needs a question and an answer."""

    def __init__(self) -> None:
        super().__init__("Write both the question and the answer.")


@dataclass(frozen=True, slots=True)
class Saved:
    """A pair that was just made of a comparison."""

    comparison_id: int
    pair_id: int
    is_test: bool


def begin(comparison: Comparison, text: str) -> None:
    """Fill the dialog with a question and the answer that is to be put right."""
    question, dataset = without_trigger(comparison)
    st.session_state[QUESTION], st.session_state[ANSWER] = question, text
    st.session_state[FACTS] = ""
    known = {each.id for each in datasets.listed(state.store())}
    if dataset is not None:
        st.session_state[DATASET] = dataset.id
    elif st.session_state.get(DATASET) not in known:
        st.session_state.pop(DATASET, None)


def without_trigger(comparison: Comparison) -> tuple[str, Dataset | None]:
    """Return the question without its task sentence, and the dataset that the sentence is of.

    The next export puts the sentence before it again.
    """
    models = [model for model, _, _ in comparison.answers]
    by_name = {each.name: each for each in datasets.listed(state.store())}
    for name, trigger in lineup.triggers(models):
        head, line, rest = comparison.prompt.partition("\n")
        if head == trigger and line:
            return rest, by_name.get(name)
        messages = comparison.settings.get("messages")
        sent = messages[-1]["content"] if isinstance(messages, list) and messages else ""
        if sent.startswith(f"{trigger}\n"):
            return comparison.prompt, by_name.get(name)
    return comparison.prompt, None


def close_pairs() -> tuple[Beside, ...]:
    """Return the pairs of the chosen dataset that what is written repeats or contradicts."""
    question, answer = st.session_state[QUESTION].strip(), st.session_state[ANSWER].strip()
    if not question or not answer or st.session_state.get(DATASET) is None:
        return ()
    return beside(state.store(), question, answer, dataset_ids=[st.session_state[DATASET]])


@reaction
def save(comparison: Comparison, *, is_test: bool) -> None:
    """Keep what is written as a pair; as a test row it is held back from training."""
    question, answer = st.session_state[QUESTION].strip(), st.session_state[ANSWER].strip()
    if not question or not answer:
        raise NothingWritten
    db = state.store()
    facts = [line.strip() for line in st.session_state[FACTS].splitlines()]
    new = NewPair(
        question=question,
        answer=answer,
        facts=tuple(fact for fact in facts if fact),
        source_file=f"comparison {comparison.id}",
        source_row=1,
    )
    tags = (TAG, TEST_TAG) if is_test else (TAG,)
    pair_id = pairs.add_one(db, st.session_state[DATASET], new, tags=tags)
    st.session_state[SAVED] = Saved(comparison.id, pair_id, is_test)


def saved(comparison: Comparison) -> Saved | None:
    """Return the pair that was just made of a comparison."""
    kept = st.session_state.get(SAVED)
    return kept if isinstance(kept, Saved) and kept.comparison_id == comparison.id else None
