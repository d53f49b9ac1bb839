"""What lies below a run's curves, a part at a time: checkpoints, answers, log, settings, notes."""

from collections.abc import Callable

import streamlit as st

from dashboard import address, watching
from dashboard.guard import guarded
from dashboard.parts.run_card import settings
from dashboard.runs.checkpoint_list import checkpoint_list
from dashboard.runs.log import run_log
from dashboard.runs.notes import run_notes
from dashboard.runs.sample_list import sample_list
from dashboard.text import named, t
from pipeline.train.state import Run

PART = "part"
PARTS: dict[str, tuple[Callable[[Run], None], bool]] = {
    "checkpoints": (checkpoint_list, True),
    "samples": (sample_list, True),
    "log": (run_log, True),
    "settings": (settings, False),
    "notes": (run_notes, False),
}
"""Each part, and whether it moves while the run trains."""
REFRESH_S = 3


def run_details(run: Run) -> None:
    """Draw the choice of a part, which the address keeps, and the part."""
    names = list(PARTS)
    address.restore(PART, allowed=names, default=names[:1], is_single=True)
    words = named("runs.part", names)
    chosen = st.segmented_control(
        t("runs.part"),
        names,
        format_func=lambda name: words[name],
        required=True,
        key=PART,
        label_visibility="collapsed",
        on_change=address.keep,
        args=(PART,),
        kwargs={"default": names[:1]},
    )
    draw, moves = PARTS[chosen or names[0]]
    live = REFRESH_S if run.is_active and moves else None

    def part(run_id: int) -> None:
        with guarded():
            draw(watching.read(run_id))

    st.fragment(part, run_every=live)(run.id)
