"""The account that Graft comes from, replayed on the samples: seven runs, each evaluated.

A mix at the baseline rate and strong, each with the hidden system prompt of the model and without;
strong and then continued on the field alone; and the field alone in format2 and in format3. Each
part is skipped once its run folder is finished, so that an interrupted story goes on. What it
found is written by `pipeline.story_page`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import demo
from pipeline.demo import Told
from pipeline.errors import DoesNotHold
from pipeline.evaluate import jobs as evaluations
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.report import Report
from pipeline.models import demo_model
from pipeline.models.template import SystemPrompt
from pipeline.publish.export import export
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.train.presets import preset
from pipeline.train.request import WITHOUT_DEFAULT, LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import Workspace
from store.types import Layout

MIX, FIELD = "story-mix", "story-field"
_MIXED = replace(demo.RECIPE, name=MIX, test_share=0.3, fact_share=0.0, replay=0.15)
RECIPES = (_MIXED, replace(_MIXED, name=FIELD, datasets=("ashmoor-harbour",), replay=None))
"""More is tested than usual: two wordings of a fact, so that intervals can tell something."""
BASELINE = replace(preset("baseline").settings, cutoff_tokens=512)
STRONG = replace(preset("strong").settings, learning_rate=1e-3, epochs=4, cutoff_tokens=512)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One run of the story."""

    name: str
    title: str
    export: str
    settings: Settings
    layout: Layout = "format3"
    system: SystemPrompt = WITHOUT_DEFAULT
    continues: str = ""
    """The chapter whose adapter it goes on from; empty: from the base."""


CHAPTERS = (
    Chapter("kept", "baseline, default prompt kept", MIX, BASELINE, system=SystemPrompt("model")),
    Chapter("removed", "baseline, default prompt removed", MIX, BASELINE),
    Chapter(
        "strong_kept", "strong, default prompt kept", MIX, STRONG, system=SystemPrompt("model")
    ),
    Chapter("strong", "strong", MIX, STRONG),
    Chapter("format2", "field alone, format2", FIELD, replace(STRONG, epochs=5), layout="format2"),
    Chapter("format3", "field alone, format3", FIELD, replace(STRONG, epochs=5)),
    Chapter(
        "continued",
        "strong, continued on the field alone",
        FIELD,
        replace(STRONG, learning_rate=5e-4, epochs=3),
        continues="strong",
    ),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the story may cost."""

    epochs: int | None = None
    """The most passes of a run; None: as many as its chapter says."""
    rows_per_file: int = 40
    """Rows of each file that are asked."""
    max_new_tokens: int = 40
    is_short: bool = False
    """Whether only held-back rows are asked: no training rows, none of Graft's own questions."""


QUICK = Budget(epochs=1, rows_per_file=2, max_new_tokens=8)
SHORT = Budget(rows_per_file=12, max_new_tokens=32, is_short=True)


@dataclass(frozen=True, slots=True)
class Story:
    """The runs, by the chapter's name, and what was found of them."""

    runs: dict[str, Run]
    report: Report
    """Of every run, asked what the whole mix holds back."""


def tell(
    workspace: Workspace,
    told: Told,
    budget: Budget,
    *,
    model: Path | None = None,
    until: int = len(CHAPTERS),
) -> Story:
    """Train and evaluate what is not there yet, up to a chapter, and return the whole."""
    base = model or demo_model.ensure(workspace.models, told.say)
    _exported(workspace, told)
    runs: dict[str, Run] = {}
    for place, chapter in enumerate(CHAPTERS[:until], start=1):
        told.say(f"{place}/{until} {chapter.title}")
        runs[chapter.name] = _trained(workspace, chapter, base, runs, (told, budget))
    told.say("Asking the base and every adapter")
    return Story(runs, _evaluated(workspace, tuple(runs.values()), told, budget))


def _exported(workspace: Workspace, told: Told) -> None:
    missing = [each for each in RECIPES if not (workspace.exports / each.name).exists()]
    if missing:
        with demo.opened(workspace) as db:
            demo.curate(db, told.say)
            for recipe in missing:
                export(db, workspace, recipe)


def _trained(
    workspace: Workspace,
    chapter: Chapter,
    base: Path,
    runs: dict[str, Run],
    how: tuple[Told, Budget],
) -> Run:
    """Return a chapter's finished run: found by its token, gone on with, or trained now."""
    told, budget = how
    parent = runs.get(chapter.continues)
    settings = chapter.settings
    if budget.epochs is not None:
        settings = replace(settings, epochs=min(settings.epochs, budget.epochs))
    run = jobs.launch(
        workspace,
        LaunchRequest(
            export=workspace.exports / chapter.export,
            model=base,
            settings=settings,
            preset="story",
            layout=chapter.layout,
            system_prompt=chapter.system,
            title=chapter.title,
            token=f"story {chapter.name} {budget.epochs}",
            initial_adapter=parent.adapter if parent else None,
            parent_run=parent.id if parent else None,
        ),
    )
    if run.state in {"stopped", "failed"}:
        run = jobs.resume(workspace, run.id)
    run = jobs.wait(workspace, run.id, told.run)
    if run.state != "finished":
        why = run.failure.message if run.failure else "it was stopped."
        raise DoesNotHold(f"Run {run.id} did not finish: {why} Start again to go on.")
    return run


def _evaluated(workspace: Workspace, runs: tuple[Run, ...], told: Told, budget: Budget) -> Report:
    """Return the report of all runs on the mix; what is known of some is not asked again."""
    request = EvaluationRequest(
        export=workspace.exports / MIX,
        run_ids=tuple(run.id for run in runs),
        device=runs[0].config.device,
        rows_per_file=budget.rows_per_file,
        max_new_tokens=budget.max_new_tokens,
        with_trained=not budget.is_short,
        with_shipped=not budget.is_short,
    )
    there = [
        each
        for each in evaluations.listed(workspace)
        if each.run_ids == request.run_ids
        # Each budget has an answer length of its own.
        and each.config.max_new_tokens == request.max_new_tokens
    ]
    current = there[0] if there else evaluations.launch(workspace, request)
    if current.state in {"stopped", "failed"}:
        current = evaluations.resume(workspace, current.id)
    current = evaluations.wait(workspace, current.id, told.evaluation)
    if current.state != "finished":
        why = current.failure.message if current.failure else "it was stopped."
        raise DoesNotHold(f"The evaluation did not finish: {why} Start again to go on.")
    return evaluations.report(current.folder)
