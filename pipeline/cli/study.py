"""Verbs: study, estimate. Neither opens the database."""

import argparse
import time
from dataclasses import asdict

from pipeline.cli.output import Context
from pipeline.cli.request import add_request, requested
from pipeline.cli.train import as_json
from pipeline.errors import BadInput
from pipeline.models import catalog
from pipeline.said import several
from pipeline.train import gathering, jobs, preflight, study, trial
from pipeline.train.devices import devices
from pipeline.train.facts import Check, Facts
from pipeline.train.request import LaunchRequest, freeze
from pipeline.train.trial import Trial
from pipeline.workspace import Workspace

_EVERY_S = 0.3


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    several = verbs.add_parser("study", help="start several runs that differ in a few settings")
    add_request(several)
    several.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=A,B",
        help="a setting, preset or layout and its values; several times for every combination",
    )
    several.add_argument("--name", default="", help="the study's name (default: the export's)")
    several.add_argument("--dry-run", action="store_true", help="say what it would start")
    several.set_defaults(do=_study)

    before = verbs.add_parser("estimate", help="say what a run would need, before it starts")
    add_request(before)
    before.add_argument("--probe", action="store_true", help="try one step and measure it")
    before.set_defaults(do=_estimate)


def _study(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    base = requested(arguments, workspace)
    name = arguments.name or base.export.name
    wanted = study.requests(base, name, [study.varied(text) for text in arguments.vary])
    took = [preflight.seconds(facts(workspace, each)) for each in wanted]
    known = [each for each in took if each is not None]
    total = sum(known) if len(known) == len(took) else None
    time_words = "" if total is None else f", about {total:.0f} s in all"
    context.say(f"Study {name}: {len(wanted)} runs{time_words}.")
    for each in wanted:
        context.say(f"  {each.title}")
    made = [] if arguments.dry_run else study.launch(workspace, wanted)
    context.result(
        {
            "study": name,
            "count": len(wanted),
            "seconds": total,
            "titles": [each.title for each in wanted],
            "runs": [as_json(run) for run in made],
        }
    )
    return 0


def _estimate(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    request = requested(arguments, workspace)
    tried = _tried(context, workspace, request) if arguments.probe else None
    found = facts(workspace, request, tried)
    checks = preflight.checks(found)
    for check in checks:
        context.say(f"  {_MARKS[check.level]} {check.name}: {_words(check)}")
    memory = found.memory
    reckoned = memory.estimate if memory else found.cluster_estimate
    context.result(
        {
            "may_start": preflight.may_start(checks),
            "checks": [asdict(check) for check in checks],
            "processes": found.processes,
            "memory": asdict(reckoned) if reckoned else None,
            "memory_bytes": reckoned.total if reckoned else None,
            "measured_bytes": memory.measured_bytes if memory else None,
            "free_bytes": memory.free_bytes if memory else None,
            "seconds": preflight.seconds(found),
        }
    )
    return 0 if preflight.may_start(checks) else 1


def facts(workspace: Workspace, request: LaunchRequest, tried: Trial | None = None) -> Facts:
    """Return what is to be known of a request."""
    device = devices().get(request.device)
    frozen = freeze(request, device.name)
    return gathering.gather(
        request,
        catalog.read(request.model),
        device,
        jobs.listed(workspace),
        trial=tried or trial.latest(workspace, frozen),
    )


def _tried(context: Context, workspace: Workspace, request: LaunchRequest) -> Trial:
    """Try one step and stay until it is measured; BadInput where it fails."""
    found = trial.launch(workspace, request)
    context.progress(f"Trying one step on {found.config.device} ({found.folder})")
    while found.work.is_active:
        time.sleep(_EVERY_S)
        found = trial.read(found.folder)
    if found.tried is None:
        failure = found.work.failure
        raise BadInput(failure.message if failure else f"The trial was {found.work.state}.")
    return found


_MARKS = {"good": "✓", "look": "!", "broken": "✗"}


def _words(check: Check) -> str:
    said = [
        f"{name} {several(value) if isinstance(value, tuple) else value}"
        for name, value in check.values.items()
    ]
    return ", ".join(said) or check.level
