"""Verbs: train, runs, stop, pause, resume. None of them opens the database."""

import argparse
import time

from pipeline.cli.output import Context
from pipeline.cli.queue import standing
from pipeline.cli.request import add_request, requested
from pipeline.train import jobs
from pipeline.train.state import Run
from pipeline.workspace import Workspace


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    train = verbs.add_parser("train", help="train a LoRA adapter on an export")
    add_request(train)
    train.add_argument("--wait", action="store_true", help="stay until the run is over")
    train.set_defaults(do=_train)

    verbs.add_parser("runs", help="list the runs and what they are doing").set_defaults(do=_runs)
    stop = verbs.add_parser("stop", help="ask a run to save and end")
    stop.add_argument("run", type=int)
    stop.add_argument(
        "--discard",
        action="store_true",
        help="end it at once without saving; earlier checkpoints stay",
    )
    stop.add_argument("--wait", action="store_true", help="stay until it has ended")
    stop.set_defaults(do=_stop)
    pause = verbs.add_parser("pause", help="ask a run to save and end after the pass at hand")
    pause.add_argument("run", type=int)
    pause.add_argument("--undo", action="store_true", help="take that back")
    pause.set_defaults(do=_pause)
    resume = verbs.add_parser("resume", help="go on from a run's last checkpoint")
    resume.add_argument("run", type=int)
    resume.add_argument(
        "--checkpoint", default="", metavar="step-N", help="an earlier one; later ones are deleted"
    )
    resume.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="batch_tokens, gradient_checkpointing and what else does not decide what is learned",
    )
    resume.add_argument("--wait", action="store_true", help="stay until the run is over")
    resume.set_defaults(do=_resume)


def _train(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    run = jobs.launch(workspace, requested(arguments, workspace))
    context.say(f"Run {run.id} {standing(workspace, run.folder, run.config.device)}: {run.folder}")
    return _finish(arguments, context, workspace, run)


def _runs(_: argparse.Namespace, context: Context) -> int:
    found = jobs.listed(context.workspace())
    for run in found:
        loss = run.progress.steps.last("loss")
        context.say(
            f"{run.id:>4}  {run.state:<9} {run.progress.share:>4.0%}  "
            f"loss {'–' if loss is None else f'{loss:.3f}'}  {run.config.title}"
        )
    if not found:
        context.say("No runs yet. Start one: python -m pipeline train EXPORT --model PATH")
    context.result({"runs": [as_json(run) for run in found]})
    return 0


def _stop(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    end = jobs.discard if arguments.discard else jobs.stop
    run = end(workspace, arguments.run)
    if arguments.wait:
        run = jobs.wait(workspace, run.id)
    context.say(f"Run {run.id} is {run.state}.")
    context.result(as_json(run))
    return 0


def _pause(arguments: argparse.Namespace, context: Context) -> int:
    run = jobs.pause(context.workspace(), arguments.run, wanted=not arguments.undo)
    context.say(
        f"Run {run.id} goes on." if arguments.undo else f"Run {run.id} ends after this pass."
    )
    context.result(as_json(run))
    return 0


def _resume(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    run = jobs.resume(
        workspace, arguments.run, checkpoint=arguments.checkpoint, assignments=arguments.set
    )
    context.say(f"Run {run.id} {standing(workspace, run.folder, run.config.device)}: {run.folder}")
    return _finish(arguments, context, workspace, run)


def _finish(arguments: argparse.Namespace, context: Context, workspace: Workspace, run: Run) -> int:
    if arguments.wait:
        try:
            run = jobs.wait(workspace, run.id, Narrator(context))
        except KeyboardInterrupt:
            context.progress(
                f"\nRun {run.id} goes on without this terminal. "
                f"To stop it: python -m pipeline stop {run.id}"
            )
            return 130
        context.say(f"Run {run.id} is {run.state}.")
        if run.failure:
            context.progress(run.failure.message)
            context.progress("\n".join(run.failure.log))
    context.result(as_json(run))
    return 1 if run.state == "failed" else 0


class Narrator:
    """Tells a run's progress on stderr, a line every few seconds at most."""

    def __init__(self, context: Context, every_s: float = 5.0) -> None:
        self._context, self._every_s, self._told_at = context, every_s, 0.0
        self._warned = 0

    def __call__(self, run: Run) -> None:
        progress = run.progress
        for warning in progress.warnings[self._warned :]:
            self._context.progress(f"  warning: {warning}")
        self._warned = len(progress.warnings)
        if time.monotonic() - self._told_at < self._every_s or not progress.steps:
            return
        self._told_at = time.monotonic()
        left, pace = progress.seconds_left, progress.steps.last("tokens_per_second")
        self._context.progress(
            f"  step {progress.step} of {progress.plan.steps if progress.plan else '?'}"
            f"  loss {progress.steps.last('loss') or 0:.3f}"
            + (f"  validation {progress.validation[-1].value:.3f}" if progress.validation else "")
            + (f"  {pace:.0f} tokens/s" if pace else "")
            + (f"  {left:.0f} s left" if left is not None else "")
        )


def as_json(run: Run) -> dict[str, object]:
    """Return what --json says of a run."""
    result = run.result or {}
    value: dict[str, object] = {
        "run": run.id,
        "title": run.config.title,
        "state": run.state,
        "folder": str(run.folder),
        "device": run.config.device,
        "step": run.progress.step,
        "steps": run.progress.plan.steps if run.progress.plan else None,
    }
    for name in ("train_loss", "validation_loss", "tokens_per_second", "seconds"):
        value[name] = result.get(name)
    if run.failure:
        value["failure"] = {
            "error": run.failure.error,
            "message": run.failure.message,
            "signal": run.failure.signal,
            "exit_code": run.failure.exit_code,
        }
    return value
