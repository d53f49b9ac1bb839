"""Verbs: backup, recover. The whole database as one file, and back."""

import argparse
from pathlib import Path

from pipeline import backup_requests, backups
from pipeline.cli.database import opened
from pipeline.cli.output import Context
from store.errors import WorkspaceHeld


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    save = verbs.add_parser("backup", help="write the whole database into one new file")
    save.add_argument(
        "file", nargs="?", type=Path, help="a new file, or a folder (default: the workspace's own)"
    )
    save.set_defaults(do=_backup)
    back = verbs.add_parser("recover", help="bring a backup back as the workspace's database")
    back.add_argument("file", type=Path, help="a file that backup wrote")
    back.add_argument(
        "--replace", action="store_true", help="though there are pairs; they stay in a file beside"
    )
    back.set_defaults(do=_recover)


def _backup(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    target = backups.new_file(arguments.file) if arguments.file else None
    try:
        with opened(context) as db:
            made = (
                backups.backup_here(db, workspace) if target is None else backups.backup(db, target)
            )
    except WorkspaceHeld as held:
        made = backup_requests.ask(workspace, held)
        if target is not None:
            made = backups.move(made, target)
    context.say(f"{made.pairs:,} pairs and all that was decided of them are in {made.file}")
    context.say("Exports, runs, evaluations and models are folders, and not in it.")
    context.result({"file": str(made.file), "pairs": made.pairs, "bytes": made.size_bytes})
    return 0


def _recover(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    done = backups.recover(workspace, arguments.file, may_replace=arguments.replace)
    context.say(f"{workspace.root} holds the {done.pairs:,} pairs of {arguments.file.name} now.")
    if done.aside:
        context.say(f"The database of before is {done.aside}")
    aside = str(done.aside) if done.aside else None
    context.result({"database": str(workspace.database), "pairs": done.pairs, "before": aside})
    return 0
