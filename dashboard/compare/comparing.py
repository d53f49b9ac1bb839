"""What the Compare page reacts with: asking, stopping, going on, opening what was asked.

Holds the page's session state under names that start with `compare_`; what is on the page stands
in the address too (`ask=` in progress, `comparison=` kept), so that a reload finds it again.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import streamlit as st
from rapidfuzz.distance import Indel

from dashboard import address, serving, state
from dashboard.compare import asking, compare_question, lineup
from dashboard.compare.asking import Asking
from dashboard.compare.compare_question import Prepared
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.parts.prose import pieces
from dashboard.text import t
from pipeline.chat.compare import conversation
from pipeline.chat.protocol import Final, Message, parse_stamp
from pipeline.chat.question_sets import Listed
from pipeline.errors import BadInput
from store import votes
from store.errors import NotFound
from store.record_types import Comparison

LONGEST_PROMPT = 100_000
MOST_PAST = 20
LEAST_SHARED = 0.3
"""Below this share of common words, marks cover nearly everything and tell nothing."""
ASK, OPEN = "ask", "comparison"
FOLLOWING = "compare_follow"
Likeness = Literal["same_answer", "differences", "too_different"]


@reaction
def rearranged() -> None:
    """Put the chosen columns into the address and begin with an empty page."""
    st.query_params.from_dict({lineup.COLUMNS: ",".join(lineup.chosen())})


def ask(prompt: str, *, after: Comparison | None = None) -> None:
    """Begin a comparison of what a person wrote, as a new one or `after` another, and show it."""
    chosen = compare_question.in_order(lineup.chosen())
    messages = conversation(prompt, compare_question.trigger(chosen))
    show(compare_question.put(Listed(prompt, ""), messages, chosen, after=after))


def show(prepared: Prepared) -> None:
    """Start a comparison and put it on the page."""
    prepared.start()
    _address({ASK: asking.remember(prepared.asking)})


@reaction
def ask_again(before: Asking) -> None:
    """Ask the same once more, loading the model again where its process is gone."""
    again = Asking(before.question, before.prompt, is_blind=before.is_blind)
    show(compare_question.prepared(again))


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
def vote(comparison_id: int, choice: str) -> None:
    """Keep the one vote of a comparison."""
    votes.vote(state.store(), comparison_id, choice)
    done(t("compare.vote_kept"))


@reaction
def open_next(question_set: str, after: int) -> None:
    """Open the next comparison of a list that waits for a vote."""
    found = votes.next_open(state.store(), question_set, after=after)
    if found is not None:
        _address({OPEN: str(found)})


@reaction
def open_past(comparison_ids: Sequence[int]) -> None:
    """Open the comparison whose row was clicked in the table of earlier ones."""
    row = st.session_state["compare_open"].row
    _address({OPEN: str(comparison_ids[row])})


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
    asked = address.numbered(OPEN)
    try:
        return votes.get(state.store(), asked) if asked is not None else None
    except NotFound:
        return None


def followed() -> Comparison | None:
    """Return the comparison whose conversation the next question goes on with, if one is to."""
    return opened() if st.session_state.get(FOLLOWING) else None


def is_lost() -> bool:
    """Whether the address names a comparison that was in progress when the dashboard ended."""
    name = st.query_params.get(ASK)
    return name is not None and asking.find(name) is None


def earlier(comparison: Comparison, model: str) -> tuple[Message, ...]:
    """Return what a model was asked and said before, in a conversation of several turns."""
    kept = comparison.settings.get("conversations")
    mine = kept.get(model, ()) if isinstance(kept, dict) else ()
    return tuple(Message(each["role"], each["content"]) for each in mine)[:-1]


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


def likeness(texts: Sequence[str]) -> Likeness:
    """Say how much answers share with the first."""
    first, others = texts[0], texts[1:]
    if all(text == first for text in others):
        return "same_answer"
    shares = (_share(first, text) for text in others)
    return "differences" if any(share >= LEAST_SHARED for share in shares) else "too_different"


def marks(texts: dict[str, str]) -> dict[str, str]:
    """Return for each model the answer that its own is marked against; none where it is no use.

    Two are marked against each other, more against the first.
    """
    (lead, first), *others = texts.items()
    against = {model: first for model, text in others if _share(first, text) >= LEAST_SHARED}
    return {lead: others[0][1], **against} if len(others) == 1 and against else against


def pause(seconds: float) -> None:
    """Let some words gather before the next drawing."""
    time.sleep(seconds)


def _share(one: str, other: str) -> float:
    # Not difflib's ratio: it takes minutes over two answers that repeat themselves.
    return Indel.normalized_similarity(pieces(one), pieces(other))


def _address(wanted: dict[str, str]) -> None:
    """Name what is on the page in the address; the chosen columns stay."""
    named = {key: st.query_params[key] for key in (lineup.COLUMNS,) if key in st.query_params}
    st.query_params.from_dict(named | wanted)
