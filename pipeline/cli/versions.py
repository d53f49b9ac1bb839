"""Verbs: diff, restore. Exports as versions: what differs between two, and bringing one back."""

import argparse

from pipeline.cli.database import opened
from pipeline.cli.output import Context
from pipeline.publish.recipe import changed_fields
from pipeline.publish.restore import restore
from store import exports

MOST_SHOWN = 20


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    diff = verbs.add_parser("diff", help="what differs between two exports")
    diff.add_argument("older", help="an export's name")
    diff.add_argument("newer", help="another one's")
    diff.set_defaults(do=_diff)

    back = verbs.add_parser("restore", help="bring an export's pairs back as a new dataset")
    back.add_argument("export", help="an export's name in the workspace, or its folder")
    back.add_argument("--dataset", required=True, help="which of its datasets")
    back.add_argument("--as", dest="name", required=True, help="the new dataset's name")
    back.set_defaults(do=_restore)


def _diff(arguments: argparse.Namespace, context: Context) -> int:
    with opened(context) as db:
        older, newer = (exports.by_name(db, name) for name in (arguments.older, arguments.newer))
        counts = exports.difference(db, older.id, newer.id)
        found = {
            kind: exports.differing(db, older.id, newer.id, kind, count=MOST_SHOWN)
            for kind, count in counts.items()
            if count
        }
    recipe = changed_fields(older.recipe, newer.recipe)
    context.say(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    for kind, pairs in found.items():
        for pair_id, question in pairs:
            context.say(f"  {kind:<8} {pair_id:>7}  {' '.join(question.split())[:90]}")
    if recipe:
        context.say(f"The recipes differ in {', '.join(recipe)}.")
    context.result(
        {
            **{str(kind): count for kind, count in counts.items()},
            "recipe": list(recipe),
            "pairs": {kind: [pair_id for pair_id, _ in pairs] for kind, pairs in found.items()},
        }
    )
    return 0


def _restore(arguments: argparse.Namespace, context: Context) -> int:
    folder = context.workspace().export(arguments.export)
    with opened(context) as db:
        made, count = restore(db, folder, arguments.dataset, arguments.name)
    context.say(f"{count} pairs of {folder.name} are the dataset {made.name} now.")
    context.result({"dataset": made.name, "role": made.role, "pairs": count})
    return 0
