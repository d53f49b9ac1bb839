"""Verbs: queue, cancel. What waits for a device, in order. Neither opens the database."""

import argparse
from pathlib import Path

from pipeline.cli.output import Context
from pipeline.errors import BadInput
from pipeline.queue import changes, line
from pipeline.queue.changes import MOVES, NotWaiting
from pipeline.queue.entry import homes
from pipeline.queue.line import Job, Line, Waiting
from pipeline.workspace import Workspace

_JOB = "a run's number; evaluation:N, probe:N and merge:N name the others"


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    queue = verbs.add_parser("queue", help="what runs on each device, and what waits for it")
    queue.add_argument(
        "--move",
        nargs=2,
        metavar=("JOB", "WHERE"),
        help=f"{_JOB}; where: {', '.join(MOVES)}",
    )
    queue.set_defaults(do=_queue)
    cancel = verbs.add_parser("cancel", help="take a run out of the queue; its folder stays")
    cancel.add_argument("job", help=_JOB)
    cancel.set_defaults(do=_cancel)


def standing(workspace: Workspace, folder: Path, device: str) -> str:
    """Say that what was queued in a folder has started, or where it waits."""
    waiting = line.read(workspace).of(folder)
    if waiting is None:
        return f"has started on {device}"
    return f"waits for {device}, {waiting.position}. in the queue"


def _queue(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    if arguments.move:
        name, where = arguments.move
        if where not in MOVES:
            raise BadInput(
                f"There is no place {where!r} to move to. There are: {', '.join(MOVES)}."
            )
        changes.move(workspace, _folder(workspace, name), where)
    found = line.read(workspace)
    for working in found.working:
        context.say(f"{_name(working.job):<16} works on {','.join(working.devices)}")
    for waiting in found.waiting:
        device, priority = waiting.entry.worker.device, waiting.entry.order.priority
        context.say(
            f"{_name(waiting.job):<16} {waiting.position}. on {device}, {_why(waiting)}"
            + ("" if priority == "normal" else f", {priority} priority")
        )
    if not found.working and not found.waiting:
        context.say("Nothing runs and nothing waits.")
    context.result(_as_json(found))
    return 0


def _cancel(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    folder = _folder(workspace, arguments.job)
    if not changes.cancel(workspace, folder):
        raise NotWaiting(folder)
    job = line.job_of(workspace, folder)
    context.say(f"{_name(job)} waits no more; its folder stays: {folder}")
    context.result({"job": _name(job), "folder": str(folder)})
    return 0


def _folder(workspace: Workspace, name: str) -> Path:
    kind, colon, number = name.partition(":")
    kind, number = (kind, number) if colon else ("run", kind)
    for known, home in homes(workspace).items():
        if known == kind and number.isdecimal() and (home / number).is_dir():
            return home / number
    raise BadInput(f"There is no {kind} {number!r} in {workspace.root}. Give {_JOB}.")


def _name(job: Job) -> str:
    return f"{job.kind} {job.id}"


def _why(waiting: Waiting) -> str:
    behind = ", ".join(_name(job) for job in waiting.behind)
    return {
        "next": "starts now",
        "working": f"waits for {behind}",
        "waiting": f"behind {behind}",
        "missing": "but this machine has no such device now",
        "disk": "but the disk is full",
        "host": f"of the machine {waiting.entry.host}",
    }[waiting.reason]


def _as_json(found: Line) -> dict[str, object]:
    return {
        "working": [
            {"kind": each.job.kind, "id": each.job.id, "devices": list(each.devices)}
            for each in found.working
        ],
        "waiting": [
            {
                "kind": each.job.kind,
                "id": each.job.id,
                "devices": list(each.devices),
                "position": each.position,
                "priority": each.entry.order.priority,
                "reason": each.reason,
                "behind": [_name(job) for job in each.behind],
            }
            for each in found.waiting
        ],
    }
