"""What the hand-over part of the Models page reacts with: files, a GGUF file, a push to a hub.

Holds session state under names that start with `models_`; it draws nothing.
"""

import time
from pathlib import Path
from typing import cast

import streamlit as st

from dashboard import state
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.handover import card, hub, jobs, ollama
from pipeline.handover.hub import Offer
from pipeline.handover.jobs import Job, Outtype
from pipeline.handover.ollama import Modelfile
from pipeline.handover.subject import Subject
from pipeline.jsonio import write_atomic

OUTTYPE = "models_gguf_outtype"
REPOSITORY, BASE_NAME, PUBLIC, SURE = (
    f"models_push_{name}" for name in ("repository", "base", "public", "sure")
)


def modelfile(subject: Subject) -> Modelfile:
    """Return the Modelfile of a merged model, of its GGUF file where there is one."""
    made = gguf_files(subject)
    return ollama.modelfile(subject, made[-1] if made else None)


def gguf_files(subject: Subject) -> tuple[Path, ...]:
    """Return the GGUF files that were made of a model."""
    return jobs.gguf_files(subject.folder)


def latest(subject: Subject, kind: str) -> Job | None:
    """Return the newest job of a kind with a model."""
    return jobs.latest(state.workspace(), subject.folder, kind)


def read(job_id: int) -> Job:
    """Return a job as it is now."""
    return jobs.read(state.workspace(), job_id)


def seconds_since(moment: float) -> float:
    """Return how long ago a moment was."""
    return max(time.time() - moment, 0.0)


def offer(subject: Subject) -> Offer:
    """Return what the dialog would push; raises in words where its name is none."""
    given = st.session_state
    return hub.offer(
        state.workspace(),
        subject,
        str(given[REPOSITORY]).strip(),
        is_private=not given.get(PUBLIC),
        base_name=str(given.get(BASE_NAME, "")).strip(),
    )


@reaction
def write_modelfile(subject: Subject) -> None:
    """Write the Modelfile into the model's folder."""
    path = subject.folder / ollama.MODELFILE
    write_atomic(path, modelfile(subject).text.encode())
    done(t("models.written", file=str(path)))


@reaction
def write_card(subject: Subject) -> None:
    """Write the model card into the model's folder."""
    done(t("models.written", file=str(card.write(state.workspace(), subject))))


@reaction
def make_gguf(subject: Subject) -> None:
    """Start making a GGUF file."""
    outtype = cast("Outtype", st.session_state.get(OUTTYPE, "auto"))
    jobs.launch(state.workspace(), jobs.gguf_plan(state.workspace(), subject.folder, outtype))


@reaction
def push(subject: Subject) -> None:
    """Push what the dialog shows; it was confirmed there."""
    hub.check_token()
    jobs.launch(state.workspace(), offer(subject).plan)


@reaction
def stop(job_id: int) -> None:
    """End a job."""
    jobs.stop(state.workspace(), job_id)


@reaction
def dismiss(job_id: int) -> None:
    """Forget a job that is over."""
    jobs.forget(state.workspace(), job_id)
