"""What the Verdict page reacts with: starting an evaluation, choosing one, filtering its rows.

Holds the page's session state under names that start with `verdict_`; the evaluation that is shown
stands in the address (`evaluation=`).
"""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import streamlit as st

from dashboard import serving, state, watching
from dashboard.format import duration
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import plain, t
from pipeline.errors import BadInput
from pipeline.evaluate import jobs
from pipeline.evaluate.config import BASE, Candidate, run_of, step_of
from pipeline.evaluate.outcomes import Flag, Outcome, RowFilter
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.report import ModelReport, Report
from pipeline.evaluate.state import Evaluation
from pipeline.publish.verify import MANIFEST
from pipeline.train import checkpoints
from pipeline.train.state import Run
from store.types import Role

ADDRESS = "evaluation"
FOLLOWED = "verdict_followed"
ASKED = "verdict_asked"
"""What was started and by which token, until the page was drawn to its end."""
MOST_COMPARED = 24
"""The runs of so many evaluations, the newest, are compared in one table."""


class NoRuns(BadInput):
    """No adapter was chosen for an evaluation."""

    def __init__(self) -> None:
        super().__init__("Choose at least one adapter.")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A run and what was found of the adapter that it stood for."""

    run: Run
    model: ModelReport


@dataclass(frozen=True, slots=True)
class Shown:
    """A report, and what its models are."""

    report: Report
    names: dict[str, str]
    """For headings."""
    steps: dict[str, int | None]
    """The checkpoint that a model was when it was asked; None for what its run ended with."""


def listed() -> tuple[Evaluation, ...]:
    """Return every evaluation, newest first."""
    return jobs.listed(state.workspace())


def read(evaluation_id: int) -> Evaluation:
    """Return an evaluation as it is now."""
    return jobs.read(state.workspace(), evaluation_id)


def latest() -> Evaluation | None:
    """Return the newest evaluation that has finished and asked an adapter."""
    return next((each for each in listed() if each.state == "finished" and each.run_ids), None)


def chosen_index(evaluations: tuple[Evaluation, ...]) -> int:
    """Return the place of the evaluation that the address names; the newest otherwise.

    An address that names a run means the newest evaluation of that run.
    """
    asked, run = st.query_params.get(ADDRESS, ""), st.query_params.get("run", "")
    for place, each in enumerate(evaluations):
        if str(each.id) == asked or (not asked and run in map(str, each.run_ids)):
            return place
    return 0


def words(evaluation: Evaluation) -> str:
    """Name an evaluation in the list to choose from."""
    runs = plain("verdict.runs_of", runs=", ".join(map(str, evaluation.run_ids)))
    export = Path(evaluation.config.export).name
    named = plain("verdict.evaluation_name", number=str(evaluation.id), export=export, runs=runs)
    return f"{named} · {plain(f'verdict.state_{evaluation.state}')}"


def seconds_left(evaluation: Evaluation) -> str | None:
    """Return in words how long the missing answers take at the pace so far; None too early."""
    progress, started = evaluation.progress, evaluation.started_at
    begun = st.session_state.setdefault(f"verdict_begun_{evaluation.id}", progress.done)
    answered = progress.done - begun
    if started is None or answered <= 0:
        return None
    pace_s = (progress.last_time - started) / answered
    return duration((evaluation.of - progress.done) * pace_s)


def exports() -> list[str]:
    """Return the names of the workspace's exports, the newest first."""
    home = state.workspace().exports
    found = sorted(home.glob(f"*/{MANIFEST}"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent.name for path in found]


def restore(choices: tuple[serving.Choice, ...]) -> None:
    """Set the form's first values: the run that the address names, else the newest; its export."""
    known = [str(choice.run_id) for choice in choices]
    asked = st.query_params.get("run", "")
    if "verdict_runs" not in st.session_state:
        st.session_state["verdict_runs"] = [asked if asked in known else known[0]]
    if "verdict_export" not in st.session_state:
        _follow()


@reaction
def follow_run() -> None:
    """Take the export of the first chosen run."""
    _follow()


@reaction
def start() -> None:
    """Start the evaluation that the form describes and show it.

    A button pressed twice before the page is drawn again starts one.
    """
    run_ids = tuple(int(run) for run in st.session_state["verdict_runs"])
    if not run_ids:
        raise NoRuns
    workspace = state.workspace()
    export = workspace.export(st.session_state["verdict_export"])
    request = EvaluationRequest(
        export,
        run_ids,
        device=st.session_state["verdict_device"],
        with_checkpoints=bool(st.session_state["verdict_checkpoints"]),
    )
    asked, token = st.session_state.get(ASKED, (None, ""))
    if request != asked:
        token = secrets.token_hex(8)
    st.session_state[ASKED] = (request, token)
    started = jobs.launch(workspace, replace(request, token=token))
    st.query_params.from_dict({ADDRESS: str(started.id)})
    done(t("verdict.started"))


def settle() -> None:
    """Let the form start another evaluation, now that the page shows the last one."""
    st.session_state.pop(ASKED, None)


@reaction
def choose(key: str) -> None:
    """Show the evaluation that was chosen in the list."""
    st.query_params.from_dict({ADDRESS: str(st.session_state[key])})
    st.session_state["verdict_page"] = 1


@reaction
def stop(evaluation_id: int) -> None:
    """Ask a running evaluation to end; its answers stay."""
    jobs.stop(state.workspace(), evaluation_id)


@reaction
def resume(evaluation_id: int) -> None:
    """Go on with an evaluation that was stopped or failed."""
    jobs.resume(state.workspace(), evaluation_id)


@reaction
def first_page() -> None:
    """Go to the first page of the rows, as after a change of the filter."""
    st.session_state["verdict_page"] = 1


def shown(evaluation: Evaluation) -> Shown:
    """Return the report of an evaluation, read again only when there are more answers."""
    report = _report(str(evaluation.folder), evaluation.progress.offset)
    runs = serving.run_names()
    names = {each.model: _name(each.model, runs) for each in report.models if each.model != BASE}
    steps = {each.model: _asked(each) for each in evaluation.config.candidates}
    return Shown(report, {BASE: plain("verdict.base")} | names, steps)


def _asked(candidate: Candidate) -> int | None:
    step = step_of(candidate.model)
    return step if step is not None else checkpoints.step_in(candidate.adapter or "")


def _name(model: str, runs: dict[str, str]) -> str:
    """Name a run, or one of its checkpoints by its step."""
    run, step = str(run_of(model)), step_of(model)
    if step is not None:
        return plain("verdict.checkpoint", run=run, step=step)
    return runs.get(run, plain("compare.run", run=run))


def run_of_model(model: str) -> Run | None:
    """Return the run of a model; None where its folder is gone."""
    return next((run for run in watching.listed() if run.id == run_of(model)), None)


def end_of(report: Report, run: Run) -> str | None:
    """Return the run's own weights among the models of a report, beside its checkpoints."""
    return next((each.model for each in report.models if each.model == str(run.id)), None)


def evaluated(export: str) -> tuple[Evaluated, ...]:
    """Return the runs that finished evaluations on an export asked, each as found last."""
    runs = {run.id: run for run in watching.listed()}
    found: dict[int, Evaluated] = {}
    alike = [each for each in listed() if each.state == "finished" and each.config.export == export]
    for evaluation in alike[:MOST_COMPARED]:
        told = {each.model: each for each in shown(evaluation).report.models}
        for run_id in evaluation.run_ids:
            if str(run_id) in told and run_id in runs:
                found.setdefault(run_id, Evaluated(runs[run_id], told[str(run_id)]))
    return tuple(found[run_id] for run_id in sorted(found, reverse=True))


def wanted() -> RowFilter:
    """Return the filter that the widgets say."""
    chosen = st.session_state
    return RowFilter(
        outcomes=cast("tuple[Outcome, ...]", tuple(chosen.get("verdict_outcomes") or ())),
        roles=cast("tuple[Role, ...]", tuple(chosen.get("verdict_roles") or ())),
        flags=cast("tuple[Flag, ...]", tuple(chosen.get("verdict_flags") or ())),
        text=chosen.get("verdict_text") or "",
    )


ROLES: tuple[Role, ...] = get_args(Role)
FLAGS: tuple[Flag, ...] = get_args(Flag)


def _follow() -> None:
    known = exports()
    chosen = st.session_state["verdict_runs"]
    of_run = {str(choice.run_id): choice.export for choice in serving.choices()}
    wanted_export = of_run.get(chosen[0]) if chosen else None
    if wanted_export in known:
        st.session_state["verdict_export"] = wanted_export


@st.cache_resource(show_spinner=False, max_entries=MOST_COMPARED + 8)
def _report(folder: str, offset: int) -> Report:
    return jobs.report(Path(folder))
