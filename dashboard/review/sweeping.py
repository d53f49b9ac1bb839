"""What the menu for all pairs of a list does: counted first, one action, one undo.

Holds nothing of its own; what Undo takes back is kept by `reviewing`.
"""

from typing import Literal, get_args

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from dashboard.review import reviewing
from dashboard.review.filtering import Asked
from store import bulk
from store.types import BulkChange, PairFilter

Sweep = Literal["accept", "reject", "unreview", "tag", "untag", "move"]
SWEEPS: tuple[Sweep, ...] = get_args(Sweep)
VALUE = "review_sweep_value"
"""The key of what a sweep needs beside the list: a tag, or the name of a dataset."""


def needs_value(sweep: Sweep) -> bool:
    """Whether a sweep asks for a tag or a dataset."""
    return sweep in ("tag", "untag", "move")


@reaction
def apply(sweep: Sweep, asked: Asked, expected: int, datasets: dict[str, int]) -> None:
    """Change all pairs of a list, as many as the person was told; else do nothing and say so."""
    value = str(st.session_state.get(VALUE) or "").strip() if needs_value(sweep) else ""
    done = _apply(
        sweep, asked.matching, expected, datasets.get(value, 0) if sweep == "move" else value
    )
    if done.action_id is not None:
        reviewing.remember(done.action_id, None)
    words = {"count": done.changed, "value": value}
    st.session_state[reviewing.LAST] = (f"review.swept_{sweep}", words)
    st.session_state.pop(reviewing.CHOSEN, None)


def _apply(sweep: Sweep, matching: PairFilter, expected: int, value: str | int) -> BulkChange:
    db = state.store()
    match sweep:
        case "accept":
            return bulk.set_status(db, matching, "accepted", expected=expected)
        case "reject":
            return bulk.set_status(db, matching, "rejected", expected=expected)
        case "unreview":
            return bulk.set_status(db, matching, "unreviewed", expected=expected)
        case "tag":
            return bulk.add_tag(db, matching, str(value), expected=expected)
        case "untag":
            return bulk.remove_tag(db, matching, str(value), expected=expected)
        case "move":
            return bulk.move(db, matching, int(value), expected=expected)
