"""From what stands on the Compare page to a question that any thread can put to its columns."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import cast

import streamlit as st

from dashboard import serving, state
from dashboard.compare import lineup
from dashboard.compare.asking import Asking, View
from pipeline.chat.compare import kept_stamp
from pipeline.chat.protocol import Message, Policy, Question, Settings, SystemPrompt
from pipeline.chat.question_sets import Listed
from pipeline.chat.together import ask_all
from pipeline.errors import BadInput
from store import votes
from store.record_types import Comparison, NewComparison

POLICIES: tuple[Policy, ...] = ("trained", "model", "none", "text")
DEFAULTS: dict[str, object] = {
    "compare_system": "trained",
    "compare_text": "",
    "compare_temperature": 0.0,
    "compare_top_p": 1.0,
    "compare_penalty": 1.0,
    "compare_max_tokens": 256,
    "compare_seed": 0,
    "compare_trigger": True,
    "compare_blind": False,
}


class NoSystemText(BadInput):
    """A system prompt of one's own was chosen and not written."""

    def __init__(self) -> None:
        super().__init__("Write the text of the system prompt, or choose another.")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question that is ready to be asked."""

    asking: Asking
    start: Callable[[], None]
    """Asks it and keeps the answers; returns at once."""


def restore() -> None:
    """Set first values of the settings."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)


def in_order(chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the columns as they will stand: shuffled where nobody is to know which is which."""
    order = list(chosen)
    if st.session_state["compare_blind"]:
        random.SystemRandom().shuffle(order)
    return tuple(order)


def trigger(chosen: Sequence[str]) -> str:
    """Return the task sentence that goes before the question; empty where none is wanted."""
    known = lineup.triggers(chosen)
    if not known or not st.session_state["compare_trigger"]:
        return ""
    wanted = st.session_state.get("compare_dataset")
    return dict(known).get(wanted or "", known[0][1])


def put(
    listed: Listed,
    messages: tuple[Message, ...],
    chosen: tuple[str, ...],
    *,
    question_set: str = "",
    after: Comparison | None = None,
) -> Prepared:
    """Put a question to columns as the settings say; NoSystemText where that text is empty."""
    policy = cast("Policy", st.session_state["compare_system"])
    text = str(st.session_state["compare_text"])
    if policy == "text" and not text.strip():
        raise NoSystemText
    question = Question(
        messages,
        chosen,
        Settings(
            temperature=float(st.session_state["compare_temperature"]),
            top_p=float(st.session_state["compare_top_p"]),
            max_tokens=int(st.session_state["compare_max_tokens"]),
            seed=int(st.session_state["compare_seed"]),
            repetition_penalty=float(st.session_state["compare_penalty"]),
        ),
        SystemPrompt(policy, text if policy == "text" else ""),
        _conversations(chosen, messages, after) if after else {},
    )
    is_blind = bool(st.session_state["compare_blind"])
    asked = Asking(question, listed.prompt, is_blind=is_blind)
    return prepared(asked, listed.reference, question_set)


def _conversations(
    chosen: tuple[str, ...], messages: tuple[Message, ...], after: Comparison
) -> dict[str, tuple[Message, ...]]:
    """Each column goes on with what it was asked and said itself; a new one begins."""
    asked = after.settings.get("conversations")
    sent = after.settings.get("messages")
    found = {}
    for model, said, _ in after.answers:
        kept = asked.get(model, sent) if isinstance(asked, dict) else sent
        if model in chosen and isinstance(kept, list):
            before = [Message(each["role"], each["content"]) for each in kept]
            # An answer may be empty, and templates refuse a turn without words.
            found[model] = (*before, Message("assistant", said or "…"), *messages)
    return found


def prepared(asked: Asking, reference: str = "", question_set: str = "") -> Prepared:
    """Return a question that is ready to be asked, by any thread."""
    database, servers = state.store(), lineup.externals()
    connect = serving.connector(asked.question.models)

    def keep(view: View) -> int:
        record = NewComparison(
            prompt=asked.prompt,
            settings=_settings(asked.question),
            answers=tuple(
                (model, view.texts[model], kept_stamp(view.finals.get(model)))
                for model in asked.question.models
            ),
            question_set=question_set,
            reference=reference,
            is_blind=asked.is_blind,
        )
        return votes.add(database, record)

    def start() -> None:
        asked.start(connect, keep, lambda endpoint, given: ask_all(endpoint, given, servers))

    return Prepared(asked, start)


def _settings(question: Question) -> dict[str, object]:
    """What is kept of how a question was asked."""
    return {
        "messages": [asdict(message) for message in question.messages],
        "conversations": {
            model: [asdict(message) for message in messages]
            for model, messages in question.conversations.items()
        },
        "system_prompt": asdict(question.system_prompt),
        **asdict(question.settings),
    }
