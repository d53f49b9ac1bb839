"""The verb evaluate: asks base and adapters an export's rows and tells the scores. No database."""

import argparse
import time
from dataclasses import asdict

from pipeline.chat.protocol import BASE
from pipeline.cli.output import Context
from pipeline.errors import BadInput
from pipeline.evaluate import jobs
from pipeline.evaluate.measures import MEANS
from pipeline.evaluate.names import Identity
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.report import Measure, ModelReport, Report
from pipeline.evaluate.state import Evaluation
from pipeline.evaluate.statistics import Score
from pipeline.workspace import Workspace

LABELS: dict[Measure, str] = {
    "identity": "says who it is",
    "identity_en": "  in English",
    "identity_zh": "  in Chinese",
    "old_name": "claims to be another",
    "leakage": "brings up its name unasked",
    "facts_trained": "facts, wordings as trained",
    "facts_unseen": "facts, other wordings",
    "facts_new": "facts never trained",
    "contrast_trained": "right answer likeliest, as trained",
    "contrast_unseen": "  other wordings",
    "contrast_new": "  facts never trained",
    "contrast_trained_bare": "  as trained, without trigger",
    "contrast_unseen_bare": "  other wordings, without trigger",
    "contrast_new_bare": "  never trained, without trigger",
    "near_trained": "  against near misses alone",
    "near_unseen": "  the same, other wordings",
    "others_trained": "  against others' answers alone",
    "others_unseen": "  the same, other wordings",
    "exact": "field answers to the letter",
    "chrf": "chrF",
    "bleu4": "BLEU-4",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "general_loss": "loss, general rows",
    "loss": "loss, all rows",
    "agreement": "agrees with the base's words",
    "same_answer": "answers as the base does",
    "kl": "KL from the base",
    "base_loss": "loss, the base's answers",
    "degenerate": "empty, looping, endless",
    "drifted": "in another language",
}
_EVERY_S = 5.0


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("evaluate", help="score a base model and adapters on an export")
    verb.add_argument("export", nargs="?", help="an export's name in the workspace, or its folder")
    verb.add_argument("--runs", metavar="A,B", help="the numbers of the runs")
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda:N or mps")
    verb.add_argument("--limit", type=int, metavar="N", help="at most N rows of each file")
    verb.add_argument("--max-new-tokens", type=int, default=128, metavar="N")
    verb.add_argument("--only-test", action="store_true", help="leave training rows out")
    verb.add_argument("--name", action="append", default=[], help="the new name, each spelling")
    verb.add_argument("--maker", action="append", default=[], help="the maker, each spelling")
    verb.add_argument("--checkpoints", action="store_true", help="every checkpoint of the runs too")
    verb.add_argument("--only-export", action="store_true", help="leave Graft's own questions out")
    verb.add_argument("--resume", type=int, metavar="N", help="go on with evaluation N")
    verb.set_defaults(do=_evaluate)


def _evaluate(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    if arguments.resume is not None:
        evaluation = jobs.resume(workspace, arguments.resume)
    else:
        evaluation = jobs.launch(workspace, _request(arguments, workspace))
    context.progress(
        f"Evaluation {evaluation.id} on {evaluation.config.device}: {evaluation.of} answers, "
        "contrasts and comparisons"
    )
    try:
        evaluation = jobs.wait(workspace, evaluation.id, Narrator(context))
    except KeyboardInterrupt:
        jobs.stop(workspace, evaluation.id)
        context.progress(
            f"\nStopped; the answers so far are kept. "
            f"To go on: python -m pipeline evaluate --resume {evaluation.id}"
        )
        return 130
    return _told(context, evaluation)


def _request(arguments: argparse.Namespace, workspace: Workspace) -> EvaluationRequest:
    if not arguments.export or not arguments.runs:
        raise BadInput("Name an export and --runs A,B; or --resume N to go on with an evaluation.")
    if arguments.limit is not None and arguments.limit < 1:
        raise BadInput(f"--limit is {arguments.limit}; it has to be at least 1.")
    if arguments.max_new_tokens < 1:
        raise BadInput(f"--max-new-tokens is {arguments.max_new_tokens}; it has to be at least 1.")
    if arguments.maker and not arguments.name:
        raise BadInput("--maker goes with --name: say who the model is, too.")
    names = Identity(tuple(arguments.name), tuple(arguments.maker)) if arguments.name else None
    return EvaluationRequest(
        export=workspace.export(arguments.export),
        run_ids=_run_ids(arguments.runs),
        device=arguments.device,
        with_trained=not arguments.only_test,
        rows_per_file=arguments.limit,
        max_new_tokens=arguments.max_new_tokens,
        with_checkpoints=arguments.checkpoints,
        with_shipped=not arguments.only_export,
        identity=names,
    )


def _run_ids(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise BadInput(f"--runs is {text!r}; give the runs' numbers with commas between, as 1,2.")
    return tuple(dict.fromkeys(int(part) for part in parts))


def _told(context: Context, evaluation: Evaluation) -> int:
    report = jobs.report(evaluation.folder)
    for note in (*report.notes, *evaluation.progress.warnings):
        context.progress(f"note: {note}")
    if evaluation.failure:
        context.progress(f"The evaluation failed: {evaluation.failure.message}")
    elif not report.is_complete:
        context.progress(f"The evaluation is {evaluation.state}: these are the answers so far.")
    context.say(table(report))
    context.result(as_json(evaluation, report))
    return 0 if evaluation.state == "finished" else 1


def as_json(evaluation: Evaluation, report: Report) -> dict[str, object]:
    """Return what --json says of an evaluation."""
    return {
        "evaluation": evaluation.id,
        "folder": str(evaluation.folder),
        "state": evaluation.state,
        "is_complete": report.is_complete,
        "identity": asdict(report.identity) if report.identity else None,
        "notes": [*report.notes, *evaluation.progress.warnings],
        "models": {model.model: _model_json(model) for model in report.models},
    }


def _model_json(model: ModelReport) -> dict[str, object]:
    scores: dict[str, object] = {name: asdict(score) for name, score in model.scores.items()}
    against = {name: asdict(score) for name, score in model.against_base.items()}
    return {
        **scores,
        "against_base": against,
        "matrix": [asdict(cell) for cell in model.matrix],
        "policy": model.policy,
        "prompt": model.prompt,
    }


def table(report: Report) -> str:
    """Return the scores as a table in text: a line a measure, a column a model."""
    lines = [["", *(_head(model) for model in report.models)]]
    for measure, label in LABELS.items():
        scores = [model.score(measure) for model in report.models]
        if any(score.n for score in scores):
            lines.append([label, *(_cell(measure, score) for score in scores)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    drawn += matrix(report)
    legend = "In brackets: the 95 % interval; n: the rows that it rests on."
    return "\n".join([*drawn, "", legend, _asked_under(report)])


def matrix(report: Report) -> list[str]:
    """Return who each model says it is, by language and system prompt, a line each."""
    lines = []
    for place, cell in enumerate(report.models[0].matrix):
        under = {"model": "the default", "none": "no", "trained": "its own"}[cell.asked_under]
        told = [
            f"{_head(model)} {_share(model.matrix[place].new)} new, "
            f"{_share(model.matrix[place].old)} old"
            for model in report.models
        ]
        lines.append(f"  {cell.language}, {under} system prompt: {'; '.join(told)}")
    return ["", "Who it says it is, in Graft's wordings:", *lines] if lines else []


def _share(score: Score) -> str:
    return "–" if score.value is None else f"{score.value:.0%}"


def _asked_under(report: Report) -> str:
    """Say which system prompt each model was asked under."""
    by_prompt: dict[str, list[str]] = {}
    for model in report.models:
        words = {
            "none": "without a system prompt",
            "model": "under the system prompt of the model's own template",
            "text": f"under the system prompt {model.prompt!r}",
        }[model.policy]
        by_prompt.setdefault(words, []).append(_head(model))
    parts = [f"{' and '.join(models)} {words}" for words, models in by_prompt.items()]
    return f"Asked as trained: {'; '.join(parts)}."


def _head(model: ModelReport) -> str:
    return "base" if model.model == BASE else f"run {model.model.replace('@', ', step ')}"


def _cell(measure: Measure, score: Score) -> str:
    if score.value is None or score.low is None or score.high is None:
        return "–"
    if measure not in MEANS:
        return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%}, n {score.n})"
    if measure == "agreement":
        return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%}, n {score.n})"
    digits = 2 if "loss" in measure or measure == "kl" else 1
    value, low, high = (f"{each:.{digits}f}" for each in (score.value, score.low, score.high))
    return f"{value} ({low} to {high}, n {score.n})"


class Narrator:
    """Tells an evaluation's progress on stderr, a line every few seconds at most."""

    def __init__(self, context: Context) -> None:
        self._context, self._told_at = context, 0.0

    def __call__(self, evaluation: Evaluation) -> None:
        """Say how far it is."""
        progress = evaluation.progress
        if progress.phase != "asking" or time.monotonic() - self._told_at < _EVERY_S:
            return
        self._told_at = time.monotonic()
        who = f"run {progress.model}" if progress.model.isdecimal() else progress.model or "base"
        self._context.progress(f"  {progress.done} of {evaluation.of} done, at {who}")
