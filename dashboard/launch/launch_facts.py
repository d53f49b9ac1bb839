"""What the Launch page knows before the start; what takes long is remembered until a file changes.

Draws nothing but the wait for it.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import watching
from dashboard.guard import words
from dashboard.launch import launching, trying
from dashboard.launch.launching import Export
from dashboard.text import plain, t
from pipeline.errors import PipelineError
from pipeline.models import tokenizer
from pipeline.models.catalog import BaseModel
from pipeline.models.example import Record
from pipeline.models.template import Policy, SystemPrompt
from pipeline.models.tokenizer import LocalCoder, NoTokenizer
from pipeline.models.view import View, view
from pipeline.publish import seen
from pipeline.said import Said
from pipeline.train import gathering, preflight
from pipeline.train.devices import devices
from pipeline.train.facts import Check, Facts
from pipeline.train.gathering import ExportFacts, Readers, RowFacts, Rows
from pipeline.train.request import ExportGone, LaunchRequest

SHOWN_ROWS = 8
"""Rows of a file that may be looked at token by token."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the launch that the form describes."""

    checks: tuple[Check, ...]
    facts: Facts | None = None
    """None where the settings cannot work."""


def known(model: BaseModel | None, export: Export) -> Known:
    """Return the checks, and the facts that they judged, as things lie now."""
    chosen = model or BaseModel("", Path(), fault=Said(plain("launch.no_path")))
    try:
        found = gathered(launching.request(chosen, export), chosen)
    except PipelineError as fact:
        return Known((Check("settings", "broken", {"reason": words(fact)}),))
    return Known(preflight.checks(found), found)


def gathered(request: LaunchRequest, model: BaseModel) -> Facts:
    """Return the facts of a request."""
    device = devices().get(request.device)
    tried = trying.latest(request)
    with st.spinner(t("tokens.counting"), show_time=True):
        return gathering.gather(
            request,
            model,
            device,
            watching.listed(),
            trial=tried,
            readers=Readers(_export, _rows),
        )


def batch(export: Export) -> dict[str, Record]:
    """Return the first rows of each training file, by file and place."""
    found: dict[str, Record] = {}
    for file in export.manifest.training(st.session_state["launch_layout"]):
        rows = seen.rows(export.folder / file.name)
        for number, record in zip(range(1, SHOWN_ROWS + 1), rows, strict=False):
            found[f"{file.name} {number}"] = record
    return found


def seen_row(model: BaseModel, request: LaunchRequest, record: Record) -> View | None:
    """Return a row as the model will learn it; None where its tokens cannot be read."""
    try:
        prompt = request.system_prompt
        coder = _coder(str(model.folder), tokenizer.stamp(model.folder), prompt.policy, prompt.text)
    except NoTokenizer:
        return None
    return view(coder, record, cutoff=request.settings.cutoff_tokens)


def _export(folder: Path) -> ExportFacts:
    return _read_export(str(folder), _stamp(folder))


def _rows(rows: Rows) -> RowFacts:
    stamp = (_stamp(rows.export), tokenizer.stamp(rows.model))
    return _read_rows(rows, (str(rows), stamp))


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether any file of an export was touched since it was read last."""
    if not folder.is_dir():
        raise ExportGone(folder)
    return tuple(
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(folder.iterdir())
        if path.is_file()
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _read_export(folder: str, stamp: object) -> ExportFacts:
    return gathering.read_export(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=32)
def _read_rows(_rows: Rows, key: object) -> RowFacts:
    return gathering.read_rows(_rows)


@st.cache_resource(show_spinner=False, max_entries=4)
def _coder(folder: str, stamp: object, policy: Policy, text: str) -> LocalCoder:
    return tokenizer.load(Path(folder), SystemPrompt(policy, text))
