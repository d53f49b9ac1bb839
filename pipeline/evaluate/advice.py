"""What to try next, from what an evaluation found and how the run was trained.

Each piece of advice rests on a figure that it names, and comes with the settings of a run that
would try it. They are the lessons of `docs/log.md`, not laws.
"""

from dataclasses import dataclass, replace
from typing import Literal

from pipeline.evaluate.config import BASE, step_of
from pipeline.evaluate.report import Measure, ModelReport, Report
from pipeline.evaluate.scoring import difference
from pipeline.evaluate.standing import Recommendation
from pipeline.models.template import SystemPrompt
from pipeline.train.config import Settings, TrainConfig
from store.types import Layout

Kind = Literal["rate", "passes", "system", "wordings", "format3", "replay", "early_stop"]
LEARNING_RATE = 1e-3
"""From here on names are learned (docs/log.md, 2026-11-25); below, more passes come second."""
LOW, HIGH = 0.7, 0.85


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to try, the figure that speaks for it, and the run that would try it."""

    kind: Kind
    measure: Measure
    value: float
    settings: Settings
    layout: Layout
    system: SystemPrompt
    change: str = ""
    """The setting that changes, as `name=value`; empty where the data has to change first."""


def advice(
    report: Report, model: str, trained: TrainConfig, recommended: Recommendation | None
) -> tuple[Advice, ...]:
    """Return what to try after a run, what matters most first."""
    told = report.model(model)
    settings = trained.settings
    as_it_was = Advice(
        "wordings", "facts_unseen", 0.0, settings, trained.layout, trained.system_prompt
    )
    found = [
        *_system(told, trained, as_it_was),
        *_learned_little(told, settings, as_it_was),
        *_wordings(told, as_it_was),
        *_format3(told, trained, as_it_was),
        *_lost(report, model, as_it_was),
        *_early(told, model, as_it_was, recommended),
    ]
    return tuple(found)


def _value(told: ModelReport, measure: Measure) -> float | None:
    return told.score(measure).value


def _system(told: ModelReport, trained: TrainConfig, base: Advice) -> list[Advice]:
    """The model's hidden system prompt names another: it leaves the old name in the model."""
    names = _value(told, "identity")
    if trained.system_prompt.policy != "model" or names is None or names >= HIGH:
        return []
    none = SystemPrompt("none")
    found = replace(base, kind="system", measure="identity", value=names)
    return [replace(found, system=none, change="system=none")]


def _learned_little(told: ModelReport, settings: Settings, base: Advice) -> list[Advice]:
    """Not even what it was trained on is right: a higher rate first, then more passes."""
    measures: tuple[Measure, ...] = ("facts_trained", "contrast_trained", "identity")
    known = [(each, value) for each in measures if (value := _value(told, each)) is not None]
    if not known or known[0][1] >= LOW:
        return []
    measure, value = known[0]
    found = replace(base, measure=measure, value=value)
    if settings.learning_rate < LEARNING_RATE / 2:
        rate = min(settings.learning_rate * 4, LEARNING_RATE)
        faster = replace(settings, learning_rate=rate)
        return [replace(found, kind="rate", settings=faster, change=f"learning_rate={rate:g}")]
    longer = replace(settings, epochs=settings.epochs * 2)
    return [replace(found, kind="passes", settings=longer, change=f"epochs={longer.epochs}")]


def _wordings(told: ModelReport, base: Advice) -> list[Advice]:
    """What is known as trained is not in other words: facts need more wordings, not more passes."""
    trained, unseen = _value(told, "facts_trained"), _value(told, "facts_unseen")
    if trained is None or unseen is None or trained < LOW or unseen >= trained - 0.2:
        return []
    return [replace(base, kind="wordings", measure="facts_unseen", value=unseen)]


def _format3(told: ModelReport, trained: TrainConfig, base: Advice) -> list[Advice]:
    """A field without its trigger in front is harder to tell from everything else."""
    unseen = _value(told, "facts_unseen")
    if trained.layout != "format2" or unseen is None or unseen >= HIGH:
        return []
    found = replace(base, kind="format3", measure="facts_unseen", value=unseen)
    return [replace(found, layout="format3", change="layout=format3")]


def _lost(report: Report, model: str, base: Advice) -> list[Advice]:
    """Ordinary answers moved away from the base: more general pairs keep them."""
    change = difference("general_loss", report.rows, model, BASE)
    if change.value is not None and (change.low or 0.0) > 0:
        return [replace(base, kind="replay", measure="general_loss", value=change.value)]
    agreement = _value(report.model(model), "agreement")
    if agreement is not None and agreement < LOW:
        return [replace(base, kind="replay", measure="agreement", value=agreement)]
    return []


def _early(
    told: ModelReport, model: str, base: Advice, recommended: Recommendation | None
) -> list[Advice]:
    """An earlier checkpoint learned as much and kept more: the passes after it only cost."""
    if recommended is None or recommended.model == model:
        return []
    step = step_of(recommended.model)
    if step is None or not recommended.model.startswith(f"{model.partition('@')[0]}@"):
        return []
    value = _value(told, "agreement")
    settings = replace(base.settings, early_stop_patience=1)
    found = replace(base, kind="early_stop", measure="agreement", value=value or 0.0)
    return [replace(found, settings=settings, change="early_stop_patience=1")]
