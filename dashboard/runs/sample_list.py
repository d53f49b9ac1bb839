"""What the model answered to a few fixed prompts while it trained, by step: always as text."""

import streamlit as st

from dashboard.format import shortened
from dashboard.parts.prose import prose
from dashboard.text import t
from pipeline.train.events import Sample
from pipeline.train.state import Run

NEWEST = 6
LONGEST_OPTION = 80


def sample_list(run: Run) -> None:
    """Draw the answers to one prompt under one another, the newest first."""
    by_prompt: dict[str, list[Sample]] = {}
    for sample in run.progress.samples:
        by_prompt.setdefault(sample.prompt, []).append(sample)
    if not by_prompt:
        st.caption(t("runs.samples_active" if run.is_active else "runs.samples_none"))
        return
    prompts = list(by_prompt)
    chosen = st.selectbox(
        t("runs.sample_prompt"),
        prompts,
        format_func=lambda prompt: shortened(prompt, LONGEST_OPTION),
        key=f"runs_sample_{run.id}",
    )
    answers = by_prompt[chosen or prompts[0]][::-1]
    for answer in answers[:NEWEST]:
        _answer(answer)
    if older := answers[NEWEST:]:
        title = t("runs.samples_older", count=len(older))
        with st.expander(title, key=f"runs_samples_older_{run.id}"):
            for answer in older:
                _answer(answer)


def _answer(answer: Sample) -> None:
    step, text = st.columns([1, 7], gap="small")
    step.caption(t("runs.at_step", step=answer.step))
    with text:
        prose(f"{answer.text}…" if answer.is_cut else answer.text)
