"""Writes down what the story found: `docs/story.md` and its curves, from measured things alone.

A claim holds where the 95 % interval of its difference is clear of 0 on its side; where it is not,
the page says so in the same words, whatever the account says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from pipeline.evaluate.config import BASE
from pipeline.evaluate.measures import MEANS
from pipeline.evaluate.report import Measure
from pipeline.evaluate.scoring import difference
from pipeline.evaluate.statistics import Score
from pipeline.jsonio import write_atomic
from pipeline.story import CHAPTERS, Chapter, Story
from pipeline.train.state import Run

CURVES = "story.svg"
Side = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the account says: one model has more, or less, of a measure than another."""

    words: str
    measure: Measure
    model: str
    other: str
    side: Side = "more"


CLAIMS = (
    Claim("At the baseline rate a new identity is learned.", "identity", "removed", BASE),
    Claim(
        "The hidden default system prompt keeps the new identity out: removing it helps at the "
        "baseline rate.",
        "identity",
        "removed",
        "kept",
    ),
    Claim("A high rate and more passes learn the identity.", "identity", "strong", "removed"),
    Claim(
        "Removing the hidden default system prompt helps at the high rate.",
        "identity",
        "strong",
        "strong_kept",
    ),
    Claim("They learn the field too, in new wordings.", "facts_unseen", "strong", "removed"),
    Claim(
        "They learn it by the contrast too: the right answer above every wrong one.",
        "contrast_unseen",
        "strong",
        "removed",
    ),
    Claim("They cost ordinary ability.", "agreement", "strong", "removed", side="less"),
    Claim(
        "Continuing on the field alone teaches it better.",
        "contrast_unseen",
        "continued",
        "strong",
    ),
    Claim("It costs the identity.", "identity", "continued", "strong", side="less"),
    Claim("It costs ordinary ability.", "agreement", "continued", "strong", side="less"),
    Claim(
        "A field is learned better in format3 than in format2, asked with its trigger.",
        "facts_unseen",
        "format3",
        "format2",
    ),
    Claim(
        "The same by the contrast, asked without the trigger.",
        "contrast_unseen_bare",
        "format3",
        "format2",
    ),
    Claim(
        "Format2 costs more ordinary ability than format3.",
        "agreement",
        "format2",
        "format3",
        side="less",
    ),
    Claim("It moves ordinary answers further from the base's.", "kl", "format2", "format3"),
    Claim(
        "A field alone keeps less than a mix does.", "agreement", "format3", "strong", side="less"
    ),
    Claim(
        "After a field alone, more is answered in another language.", "drifted", "format3", "strong"
    ),
)
TABLE: dict[Measure, str] = {
    "identity": "identity, new wordings",
    "old_name": "claims the old name",
    "leakage": "name unasked",
    "facts_trained": "facts as trained",
    "facts_unseen": "facts, new wordings",
    "contrast_trained": "contrast as trained",
    "contrast_unseen": "contrast, new wordings",
    "contrast_unseen_bare": "the same without trigger",
    "rouge_l": "ROUGE-L",
    "bleu4": "BLEU-4",
    "agreement": "agrees with the base",
    "kl": "KL from the base",
    "degenerate": "empty, looping, endless",
    "drifted": "in another language",
}
QUESTIONS = 2
"""So many rows of each kind are quoted."""


def write(story: Story, home: Path, *, minutes: float | None = None) -> Path:
    """Write the page and its curves into a docs folder, and return the page's path."""
    images = home / "images"
    images.mkdir(parents=True, exist_ok=True)
    write_atomic(images / CURVES, curves(story.runs).encode())
    path = home / "story.md"
    write_atomic(path, page(story, minutes=minutes).encode())
    return path


def page(story: Story, *, minutes: float | None = None) -> str:
    """Return the page as Markdown."""
    told = [chapter for chapter in CHAPTERS if chapter.name in story.runs]
    left = [chapter.title for chapter in CHAPTERS if chapter.name not in story.runs]
    missing = f" Not run yet, so not told: {'; '.join(left)}." if left else ""
    took = f" The last part of it took {minutes:.0f} minutes." if minutes and minutes >= 1 else ""
    claims = "\n".join(_claim(story, each) for each in CLAIMS if _has(story, each))
    parts = [
        "# The story, replayed",
        "Written by `make story` from what it measured; nothing here is typed by hand. Base: "
        f"{Path(story.report.base).name}. One seed a run, so a difference is of these runs, and "
        f"what its interval allows is all that can be said.{took}{missing}",
        f"## The claims\n{claims}",
        "## The runs\n" + _runs(story, told),
        "## What was measured\n" + _table(story, told),
        f"## The curves\n![Training loss of each run](images/{CURVES})",
        "## Answers, as they were given\n" + _answers(story, told),
    ]
    return "\n\n".join(parts) + "\n"


def _has(story: Story, claim: Claim) -> bool:
    return all(name == BASE or name in story.runs for name in (claim.model, claim.other))


def _model(story: Story, name: str) -> str:
    return BASE if name == BASE else str(story.runs[name].id)


def _claim(story: Story, claim: Claim) -> str:
    """A claim with both figures, their difference, and whether it holds."""
    model, other = _model(story, claim.model), _model(story, claim.other)
    change = difference(claim.measure, story.report.rows, model, other)
    if change.value is None:
        return f"- **{claim.words}** Not measured."
    one, two = (story.report.model(name).score(claim.measure) for name in (model, other))
    return (
        f"- **{claim.words}** {verdict(change, claim.side)} {TABLE[claim.measure].capitalize()}: "
        f"{claim.model} {figure(claim.measure, one)}, {claim.other} {figure(claim.measure, two)}; "
        f"difference {figure(claim.measure, change, signed=True)} over {change.n} rows."
    )


def verdict(change: Score, side: Side) -> str:
    """Say in words whether a difference bears a claim out."""
    low, high = change.low or 0.0, change.high or 0.0
    if low <= 0 <= high:
        return "Cannot be told: the interval holds 0."
    is_more = low > 0
    return "Holds." if is_more == (side == "more") else "Does not hold: it is the other way round."


def figure(measure: Measure, score: Score, *, signed: bool = False) -> str:
    """Return a score with its interval, rates in per cent."""
    if score.value is None or score.low is None or score.high is None:
        return "–"
    is_share = measure not in MEANS or measure == "agreement"
    scale, digits = (100, 0) if is_share else (1, 2 if measure == "kl" else 1)
    sign = "+" if signed else ""
    value, low, high = (
        f"{each * scale:{sign}.{digits}f}" for each in (score.value, score.low, score.high)
    )
    unit = (" points" if signed else " %") if is_share else ""
    return f"{value}{unit} ({low} to {high})"


def _runs(story: Story, told: Sequence[Chapter]) -> str:
    lines = [
        "| run | rows | rate | passes | layout | system prompt | loss | minutes |",
        "|---" * 8 + "|",
    ]
    for chapter in told:
        run = story.runs[chapter.name]
        config, losses = run.config, run.progress.losses
        rows = sum(file.rows * file.repeat for file in config.data)
        started, ended = run.started_at, run.progress.last_time
        minutes = f"{(ended - started) / 60:.1f}" if started and ended else "–"
        system = {"model": "default kept", "none": "none", "text": "own"}
        lines.append(
            f"| {chapter.title} | {rows} | {config.settings.learning_rate:g} | "
            f"{config.settings.epochs} | {config.layout} | {system[config.system_prompt.policy]} | "
            f"{losses[-1].value:.2f} | {minutes} |"
        )
    return "\n".join(lines)


def _table(story: Story, told: Sequence[Chapter]) -> str:
    names = [BASE, *(chapter.name for chapter in told)]
    models = [story.report.model(_model(story, name)) for name in names]
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for measure, words in TABLE.items():
        scores = [model.score(measure) for model in models]
        if any(score.n for score in scores):
            cells = " | ".join(figure(measure, score) for score in scores)
            lines.append(f"| {words} | {cells} |")
    under = "In brackets: 95 % intervals. The base is asked under the first run's system prompt."
    return "\n".join([*lines, "", under])


def _answers(story: Story, told: Sequence[Chapter]) -> str:
    """Quote the first held-back rows of each kind, never chosen by what was answered."""
    parts = []
    for role in ("identity", "domain", "general"):
        rows = [
            row
            for row in story.report.rows
            if row.role == role and row.split == "test" and not row.file.startswith("graft:")
        ]
        for row in rows[:QUESTIONS]:
            lines = [f"**{_inline(row.question)}** (expected: {_inline(row.reference)})", ""]
            for name in (BASE, *(chapter.name for chapter in told)):
                answer = row.answer(_model(story, name))
                if answer:
                    lines.append(f"- {name}: {_inline(answer.text)}")
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _inline(text: str) -> str:
    """A text on one line, its markup shown letter by letter."""
    joined = escape(" ".join(text.split()), quote=False) or "(nothing)"
    return "".join(f"\\{each}" if each in "\\`*_[]|#~" else each for each in joined)


def curves(runs: dict[str, Run]) -> str:
    """Return the training losses as an SVG picture, each run over the share of its steps."""
    width, height, margin = 640, 300, 40
    colours = ("#8a8f98", "#5b6ee1", "#c2487a", "#c98a1b", "#2a8f6d", "#7a4fb5", "#4a9bb0")
    series = {name: [point.value for point in run.progress.losses] for name, run in runs.items()}
    top = max((value for values in series.values() for value in values), default=1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 150} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<path d="M{margin} 10V{height - margin}H{width}" fill="none" stroke="#888"/>',
        f'<text x="4" y="16" fill="#888">{top:.1f}</text>',
        f'<text x="4" y="{height - margin}" fill="#888">0</text>',
        f'<text x="{width // 2}" y="{height - 12}" fill="#888">share of the steps</text>',
    ]
    for place, (name, values) in enumerate(series.items()):
        colour = colours[place % len(colours)]
        dots = " ".join(
            f"{margin + (width - margin) * n / max(len(values) - 1, 1):.1f},"
            f"{10 + (height - margin - 10) * (1 - value / top):.1f}"
            for n, value in enumerate(values)
        )
        parts.append(
            f'<polyline points="{dots}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        parts.append(f'<text x="{width + 10}" y="{24 + 18 * place}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
