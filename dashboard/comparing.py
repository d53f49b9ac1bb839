"""What the Compare page reacts with: choosing an adapter, asking, voting, opening what was asked.

Holds the page's session state under names that start with `compare_`; what is on the page stands
in the address too (`ask=` in progress, `comparison=` kept), so that a reload finds it again.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal, cast

import streamlit as st

from dashboard import asking, serving, state
from dashboard.asking import Asking, View
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.parts.prose import pieces
from dashboard.serving import Choice
from dashboard.text import plain, t
from pipeline.chat.compare import conversation, kept_stamp
from pipeline.chat.protocol import (
    BASE,
    Final,
    Policy,
    Question,
    Settings,
    SystemPrompt,
    parse_stamp,
)
from pipeline.errors import BadInput
from store import votes
from store.errors import NotFound
from store.record_types import Comparison, NewComparison, Vote

POLICIES: tuple[Policy, ...] = ("trained", "model", "none", "text")
DEFAULTS: dict[str, object] = {
    "compare_system": "trained",
    "compare_text": "",
    "compare_temperature": 0.0,
    "compare_max_tokens": 256,
    "compare_seed": 0,
    "compare_trigger": True,
}
LONGEST_PROMPT = 100_000
MOST_PAST = 20
LEAST_SHARED = 0.3
"""Below this share of common words, marks cover nearly everything and tell nothing."""
RUN, ASK, OPEN = "run", "ask", "comparison"
CHOSEN = "compare_run"
Likeness = Literal["same_answer", "differences", "too_different"]


class NoSystemText(BadInput):
    """A system prompt of one's own was chosen and not written."""

    def __init__(self) -> None:
        super().__init__("Write the text of the system prompt, or choose another.")


def restore(choices: Mapping[str, Choice]) -> None:
    """Set first values: the settings, and the adapter of the run that the address names."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)
    asked = st.query_params.get(RUN, "")
    if CHOSEN not in st.session_state and asked in choices:
        st.session_state[CHOSEN] = asked
    if st.session_state.get(CHOSEN) not in choices:
        st.session_state[CHOSEN] = next(iter(choices))


@reaction
def chosen() -> None:
    """Put the chosen run into the address and begin with an empty page."""
    st.query_params.from_dict({RUN: st.session_state[CHOSEN]})


def ask(choice: Choice, prompt: str) -> None:
    """Begin a comparison and put it on the page; loads the model first where it must."""
    _begin(choice, question(choice, prompt), prompt)


@reaction
def ask_again(before: Asking, choice: Choice) -> None:
    """Ask the same once more, loading the model again where its process is gone."""
    _begin(choice, before.question, before.prompt)


@reaction
def stop(running: Asking) -> None:
    """End an answer where it stands."""
    running.stop()


@reaction
def unload(folder: Path) -> None:
    """End the model's process; what was kept stays."""
    if serving.unload(folder):
        done(t("compare.unloaded"))


@reaction
def vote(comparison_id: int, choice: Vote) -> None:
    """Keep the one vote of a comparison."""
    votes.vote(state.store(), comparison_id, choice)
    done(t("compare.vote_kept"))


@reaction
def open_past(comparison_ids: Sequence[int]) -> None:
    """Open the comparison whose row was clicked in the table of earlier ones."""
    row = st.session_state["compare_open"].row
    _address({OPEN: str(comparison_ids[row])})


def question(choice: Choice, prompt: str) -> Question:
    """Put the prompt to both models as the settings say; NoSystemText where that text is empty."""
    policy = cast("Policy", st.session_state["compare_system"])
    text = str(st.session_state["compare_text"])
    if policy == "text" and not text.strip():
        raise NoSystemText
    return Question(
        conversation(prompt, trigger(choice)),
        (BASE, str(choice.run_id)),
        Settings(
            temperature=float(st.session_state["compare_temperature"]),
            max_tokens=int(st.session_state["compare_max_tokens"]),
            seed=int(st.session_state["compare_seed"]),
        ),
        SystemPrompt(policy, text if policy == "text" else ""),
    )


def trigger(choice: Choice) -> str:
    """Return the task sentence that goes before the question; empty where none is wanted."""
    if not choice.triggers or not st.session_state["compare_trigger"]:
        return ""
    wanted = st.session_state.get("compare_dataset")
    return dict(choice.triggers).get(wanted or "", choice.triggers[0][1])


def current() -> Asking | None:
    """Return the comparison that the address says is in progress, or was broken off.

    One that is done and kept becomes the opened one.
    """
    name = st.query_params.get(ASK)
    found = asking.find(name) if name else None
    if found is None:
        return None
    view = found.view()
    if view.comparison_id is not None:
        _address({OPEN: str(view.comparison_id)})
        return None
    return found


def opened() -> Comparison | None:
    """Return the kept comparison that the address names; None where it names none that is there."""
    asked = st.query_params.get(OPEN, "")
    try:
        return votes.get(state.store(), int(asked)) if asked.isdecimal() else None
    except NotFound:
        return None


def is_lost() -> bool:
    """Whether the address names a comparison that was in progress when the dashboard ended."""
    name = st.query_params.get(ASK)
    return name is not None and asking.find(name) is None


def finals_of(comparison: Comparison) -> dict[str, Final]:
    """Return the end and stamp of each answer of a kept comparison."""
    found = {}
    for model, _, kept in comparison.answers:
        try:
            value = json.loads(kept)
            found[model] = Final(model, value["finish_reason"], parse_stamp(value["stamp"]))
        except (ValueError, KeyError, TypeError, BadInput):
            continue  # Kept without a stamp, or by a version that wrote another one.
    return found


def likeness(texts: dict[str, str]) -> Likeness:
    """Say how much two answers share."""
    one, other = list(texts.values())[:2]
    if one == other:
        return "same_answer"
    matcher = SequenceMatcher(None, pieces(one), pieces(other), autojunk=False)
    return "differences" if matcher.ratio() >= LEAST_SHARED else "too_different"


def marks(texts: dict[str, str]) -> dict[str, str]:
    """Return for each model the answer that its own is marked against; none where it is no use."""
    if len(texts) != 2 or likeness(texts) != "differences":
        return {}
    (one, first), (other, second) = texts.items()
    return {one: second, other: first}


def choice_words(choice: Choice) -> str:
    """Name an adapter in the list to choose from."""
    words = plain("compare.adapter_name", run=choice.run_id, title=choice.title)
    return f"{words} ({plain('compare.base_of', base=choice.base.name)})"


def pause(seconds: float) -> None:
    """Let some words gather before the next drawing."""
    time.sleep(seconds)


def _begin(choice: Choice, asked: Question, prompt: str) -> None:
    database = state.store()
    begun = Asking(asked, prompt)
    begun.start(
        connect=serving.connector(choice),
        keep=lambda view: votes.add(database, _record(choice, begun, view)),
    )
    _address({ASK: asking.remember(begun)})


def _record(choice: Choice, asked: Asking, view: View) -> NewComparison:
    return NewComparison(
        prompt=asked.prompt,
        settings={
            "run": choice.run_id,
            "base": str(choice.base),
            "messages": [asdict(message) for message in asked.question.messages],
            "system_prompt": asdict(asked.question.system_prompt),
            **asdict(asked.question.settings),
        },
        answers=tuple(
            (model, view.texts[model], kept_stamp(view.finals.get(model)))
            for model in asked.question.models
        ),
    )


def _address(wanted: dict[str, str]) -> None:
    """Name what is on the page in the address; the chosen run stays."""
    run = st.query_params.get(RUN)
    st.query_params.from_dict(({RUN: run} if run else {}) | wanted)
