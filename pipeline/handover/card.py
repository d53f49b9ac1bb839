"""The model card, `README.md`: where a model comes from, what it learned, and what it is worth.

Only what the folders tell; a licence is not among it: the base's holds, and the data's.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from pipeline.errors import BadInput, PipelineError
from pipeline.evaluate import jobs as evaluations
from pipeline.evaluate.report import LOWER_IS_BETTER, Measure, ModelReport
from pipeline.handover.subject import Subject
from pipeline.jsonio import write_atomic
from pipeline.merge.report import Merged
from pipeline.publish import manifest
from pipeline.train.config import Settings
from pipeline.train.state import Run
from pipeline.workspace import Workspace

FILE = "README.md"
_MEASURES: dict[Measure, str] = {
    "identity": "Says its new name and maker, on unseen questions",
    "old_name": "Claims another name or maker",
    "leakage": "Brings up its name where nobody asked",
    "facts_trained": "Facts, in the wordings that were trained",
    "facts_unseen": "Facts, in unseen wordings",
    "rouge_l": "ROUGE-L on unseen wordings (0 to 100)",
    "general_loss": "Loss on general answers",
}


def write(workspace: Workspace, subject: Subject) -> Path:
    """Write the card into the model's folder, in the place of one that is there."""
    path = subject.folder / FILE
    write_atomic(path, card(workspace, subject).encode())
    return path


def card(workspace: Workspace, subject: Subject, *, base_name: str = "") -> str:
    """Return the card of an adapter or a merged model; `base_name` is what others call its base."""
    parts = [_head(subject, base_name or subject.base.name), _prompt(subject)]
    if subject.run:
        parts += [_data(subject.run), _training(subject.run)]
        parts += _scores(workspace, subject)
    elif subject.merged:
        parts += _kept_data(subject.merged)
    if subject.merged:
        parts.append(_equivalence(subject.merged))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(subject: Subject, base: str) -> list[str]:
    library = "transformers" if subject.merged else "peft"
    kind = "A model merged from" if subject.merged else "A LoRA adapter for"
    title = subject.run.config.title if subject.run else subject.name
    return [
        "---",
        f"base_model: {json.dumps(base, ensure_ascii=False)}",
        f"library_name: {library}",
        "pipeline_tag: text-generation",
        "tags: [lora]",
        "---",
        "",
        f"# {_plain(title)}",
        "",
        f"{kind} `{base}`{_lineage(subject)}, made with Graft.",
    ]


def _lineage(subject: Subject) -> str:
    said = ""
    if subject.merged:
        step = f" ({subject.merged.checkpoint})" if subject.merged.checkpoint else ""
        said = f" and the adapter of run {subject.merged.run}{step}"
    if subject.run and subject.run.config.parent_run is not None:
        said += f", continued from run {subject.run.config.parent_run}"
    return said


def _prompt(subject: Subject) -> list[str]:
    prompt = subject.stored.system_prompt
    said = ["## System prompt", ""]
    if prompt is None:
        return [*said, "Its chat template puts no system prompt before a question."]
    return [*said, "Its chat template puts this before a question:", "", *_fenced(prompt)]


def _data(run: Run) -> list[str]:
    rows = [
        f"| {_plain(file.name)} | {file.role} | {file.rows:,} | {file.repeat} | `{file.sha1}` |"
        for file in run.config.data
    ]
    return [
        "## Data",
        "",
        f"The export `{Path(run.config.export).name}`{_recipe(Path(run.config.export))}",
        "",
        "| file | role | rows | times a pass | SHA-1 |",
        "|---|---|---:|---:|---|",
        *rows,
    ]


def _kept_data(merged: Merged) -> Iterator[list[str]]:
    """What a merged model itself remembers of its data, where its run is gone."""
    files = merged.trained.get("data")
    rows = [
        f"| {_plain(str(file.get('name')))} | {file.get('role')} | `{file.get('sha1')}` |"
        for file in (files if isinstance(files, list) else ())
        if isinstance(file, dict)
    ]
    if rows:
        yield ["## Data", "", "| file | role | SHA-1 |", "|---|---|---|", *rows]


def _recipe(export: Path) -> str:
    try:
        recipe = manifest.read(export).recipe
    except BadInput:
        return "."
    names = recipe.get("datasets")
    told = ", ".join(map(str, names)) if isinstance(names, list) else ""
    replay = recipe.get("replay")
    shares = f", general pairs {replay:.0%}" if isinstance(replay, float) else ""
    return f" of {_plain(told)} (layout {recipe.get('layout')}{shares}, seed {recipe.get('seed')})."


def _training(run: Run) -> list[str]:
    plain, settings = Settings(), run.config.settings
    shown = ["rank", "alpha", "learning_rate", "epochs", "batch_rows", "cutoff_tokens", "seed"]
    changed = [
        field.name
        for field in fields(Settings)
        if getattr(settings, field.name) != getattr(plain, field.name)
    ]
    rows = [f"| {name} | {getattr(settings, name)} |" for name in dict.fromkeys(shown + changed)]
    result = run.result or {}
    losses = [
        f"{words} {value:.3f}"
        for name, words in (("train_loss", "training"), ("validation_loss", "validation"))
        if isinstance(value := result.get(name), float)
    ]
    ended = f"Ended {run.state} at step {run.progress.step}"
    return [
        "## Training",
        "",
        f"{ended}{'; losses: ' + ', '.join(losses) if losses else ''}. "
        f"Preset {run.config.preset}, on {run.config.device}.",
        "",
        "| setting | value |",
        "|---|---|",
        *rows,
    ]


def _scores(workspace: Workspace, subject: Subject) -> Iterator[list[str]]:
    """The newest whole evaluation of these very weights beside the base, if there is one."""
    sha1 = subject.merged.adapter_sha1 if subject.merged else _sha1(subject.folder)
    for evaluation in evaluations.listed(workspace):
        for candidate in evaluation.config.candidates:
            is_it = candidate.adapter and _sha1(Path(candidate.adapter)) == sha1
            if evaluation.state == "finished" and is_it:
                try:
                    found = evaluations.report(evaluation.folder)
                    base, mine = found.model("base"), found.model(candidate.model)
                except (PipelineError, KeyError):
                    continue
                yield _table(found.export, base, mine)
                return


def _table(export: str, base: ModelReport, mine: ModelReport) -> list[str]:
    rows = []
    for measure, words in _MEASURES.items():
        score, before = mine.score(measure), base.score(measure)
        if score.value is None:
            continue
        better = "lower" if measure in LOWER_IS_BETTER else "higher"
        interval = "" if score.low is None else f" ({score.low:.3g} to {score.high:.3g})"
        was = "–" if before.value is None else f"{before.value:.3g}"
        rows.append(f"| {words} | {was} | {score.value:.3g}{interval} | {score.n} | {better} |")
    return [
        "## Scores",
        "",
        f"Asked the held-back rows of `{Path(export).name}`; 95 % intervals.",
        "",
        "| measure | base | this model | rows | better |",
        "|---|---:|---:|---:|---|",
        *rows,
    ]


def _equivalence(merged: Merged) -> list[str]:
    found = merged.equivalence
    return [
        "## Merged",
        "",
        f"Weights in {merged.dtype}. Of {len(found.rows)} prompts, {found.same_greedy_answers} are "
        "answered greedily as base and adapter answer them; the largest difference of a logit is "
        f"{found.largest_logit_difference:.2g} (the adapter itself changes logits by up to "
        f"{found.largest_from_base:.3g}).",
        "",
        f"- SHA-256 of the base's weights: `{merged.base_sha256}`",
        f"- SHA-1 of the adapter's weights: `{merged.adapter_sha1}`",
    ]


def _sha1(adapter: Path) -> str:
    path = adapter / "adapter_model.safetensors"
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def _fenced(text: str) -> list[str]:
    """Show a text letter by letter: the fence is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))
