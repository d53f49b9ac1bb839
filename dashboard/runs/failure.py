"""How a run failed, in the reader's language: what ended it, what to do, and the last log lines.

What the worker itself said is English and stands apart, as it is.
"""

from typing import Literal

import streamlit as st

from dashboard.said import said
from dashboard.text import has, plain, t
from pipeline.train import advice
from pipeline.train.advice import Change
from pipeline.train.state import Run, RunFailure

MOST_LINES = 6
"""So many lines of a failed run's log are shown whole; more are scrolled."""
SILENT = frozenset(("signal", "exit", "lost"))
"""What the worker could say nothing of: the message is ours, and told in words here."""


def how_it_failed(run: Run, failure: RunFailure) -> None:
    """Draw why a run failed, how to go on, and what was said last."""
    known = f"runs.error_{failure.error}"
    lines = [t(known if has(known) else "runs.error_unknown")]
    if failure.signal:
        lines.append(t("runs.failed_signal", signal=failure.signal))
    elif failure.exit_code is not None and failure.error in SILENT:
        lines.append(t("runs.failed_code", code=failure.exit_code))
    if failure.error == "out_of_memory" or failure.signal == "SIGKILL":
        lines += _less_memory(run)
    if failure.error == "not_finite":
        rate = run.progress.steps.last("lr") or run.config.settings.learning_rate
        lines.append(t("runs.lower_rate", now=f"{rate:.2g}", then=f"{rate / 3:.2g}"))
    saved = run.progress.checkpoints
    lines.append(
        t("runs.checkpoint_words", step=saved[-1][0]) if saved else t("runs.checkpoint_none")
    )
    st.error("\n\n".join([f"**{t('runs.failed_title')}**", *lines]), icon=":material/error:")
    if failure.error not in SILENT:
        st.caption(t("runs.worker_said"))
        st.text(said(failure.message))
    if failure.log:
        st.caption(t("runs.log_lines"))
        height: Literal["content"] | int = 160 if len(failure.log) > MOST_LINES else "content"
        st.code("\n".join(failure.log), language=None, wrap_lines=True, height=height)


def _less_memory(run: Run) -> list[str]:
    """What to change: what a resume may, then what only another run can."""
    found = advice.changes(run.config.settings, run.config.device)
    lines = []
    for words, is_free in (("runs.lower_now", True), ("runs.lower_later", False)):
        changes = [_change(each) for each in found if each.is_free == is_free]
        if changes:
            lines.append(t(words, changes=plain("runs.and_then").join(changes)))
    return lines


def _change(change: Change) -> str:
    name = plain(f"launch.set_{change.name}")
    if isinstance(change.now, bool):
        return plain("runs.turn_on", name=name)
    return plain("runs.from_to", name=name, now=change.now, then=change.then)
