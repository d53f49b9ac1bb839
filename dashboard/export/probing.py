"""What the sections that ask a base react with: starting, stopping, going on, taking answers in.

Everything lies in the folders of probes, so a reload or another tab sees the same. Holds session
state under names that start with `replay_` and `known_`; it draws nothing.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.guard import reaction, words
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.errors import PipelineError
from pipeline.models.catalog import BaseModel
from pipeline.models.fingerprint import weights_sha256
from pipeline.probe import jobs, known, replay
from pipeline.probe.config import Kind
from pipeline.probe.jobs import Probe
from pipeline.probe.known import KnownOptions
from pipeline.probe.replay import ReplayOptions
from store import datasets, probes
from store.errors import StoreError
from store.record_types import KnownShare
from store.record_types import Probe as TakenProbe

LANGUAGE, LENGTH, REPLAY_DEVICE = "replay_language", "replay_length", "replay_device"
SAMPLES, LIMIT, KNOWN_DEVICE = "known_samples", "known_limit", "known_device"
LONGEST_ANSWER, FACT_TOKENS = 256, 64


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay that a base wrote before."""

    probe: TakenProbe
    dataset: str


def sha256(model: BaseModel) -> str:
    """Return the hash of a model's weights; the first time it takes a second a gigabyte."""
    return weights_sha256(model.folder, state.workspace().root)


def replay_of(model: BaseModel) -> Replay | None:
    """Return the replay that a base of these weights wrote, if there is one."""
    found = probes.replay_of(state.store(), sha256(model), replay.PROMPTS)
    if found is None or found.dataset_id is None:
        return None
    return Replay(found, datasets.get(state.store(), found.dataset_id).name)


def latest(kind: Kind, model: BaseModel) -> Probe | None:
    """Return the newest probe of a kind on a model that was not taken in yet."""
    for probe in jobs.listed(state.workspace(), kind):
        if probe.config.base == str(model.folder):
            place = jobs.place(state.workspace(), probe)
            return None if probes.is_taken(state.store(), place) else probe
    return None


def read(probe_id: int) -> Probe:
    """Return a probe as it is now."""
    return jobs.read(state.workspace(), probe_id)


def take(probe: Probe) -> str:
    """Take a finished probe's answers into the store; returns in words what stopped it."""
    try:
        if probe.config.kind == "replay":
            taken = replay.take(state.store(), state.workspace(), probe)
            done(t("replay.taken", count=taken.taken))
        else:
            taken = known.take(state.store(), state.workspace(), probe)
            done(t("known.taken", count=taken.taken))
    except (PipelineError, StoreError) as fact:
        return words(fact)
    return ""


def shares(model: BaseModel, names: tuple[str, ...]) -> dict[str, KnownShare]:
    """Return what a base knows of the domain datasets among these, by name."""
    fields = {
        each.dataset.id: each.dataset.name
        for each in datasets.summaries(state.store())
        if each.dataset.name in names and each.dataset.role == "domain"
    }
    found = probes.shares(state.store(), sha256(model), list(fields))
    return {fields[number]: share for number, share in found.items()}


def prompt_count() -> int:
    """Return how many prompts the chosen languages have."""
    return len(replay.prompts(_replay_options()))


@reaction
def start_replay(model: BaseModel) -> None:
    """Let the base write."""
    replay.launch(state.workspace(), model.folder, _replay_options())


@reaction
def start_known(model: BaseModel, names: tuple[str, ...]) -> None:
    """Ask the base the questions of the datasets."""
    limit = int(st.session_state.get(LIMIT) or 0)
    asked = known.questions(state.store(), names, limit or None)
    options = KnownOptions(
        samples=int(st.session_state.get(SAMPLES, known.SAMPLES)),
        max_new_tokens=FACT_TOKENS,
        device=_device(KNOWN_DEVICE),
    )
    known.launch(state.workspace(), model.folder, names, asked, options)


@reaction
def stop(probe_id: int) -> None:
    """Ask a probe to end; its answers stay."""
    jobs.stop(state.workspace(), probe_id)


@reaction
def resume(probe_id: int) -> None:
    """Go on with a probe that was stopped or failed."""
    jobs.resume(state.workspace(), probe_id)


def is_general(names: tuple[str, ...]) -> bool:
    """Say whether any of the datasets is a general one with pairs."""
    return any(
        each.dataset.role == "general" and each.usable
        for each in datasets.summaries(state.store())
        if each.dataset.name in names
    )


def _replay_options() -> ReplayOptions:
    chosen = st.session_state
    return ReplayOptions(
        language=chosen.get(LANGUAGE) or "both",
        max_new_tokens=int(chosen.get(LENGTH) or LONGEST_ANSWER),
        device=_device(REPLAY_DEVICE),
    )


def _device(key: str) -> str:
    return str(st.session_state.get(key) or "auto")
