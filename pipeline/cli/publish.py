"""Verbs: export, verify. Verify opens no database, so it works while a dashboard holds it."""

import argparse
from dataclasses import asdict

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import verify
from pipeline.publish.warnings import ExportWarning, WarningCode

_WORDS: dict[WarningCode, str] = {
    "two_domains": "two fields in one export ({dataset}) get mixed up; better one field a run",
    "format2_without_general": "{dataset} in format2 without a general dataset costs ability",
    "no_trigger": "{dataset} has no trigger, so it is written in format2",
    "small_dataset": "{dataset} has only {count} pairs",
    "leftover_placeholders": "{count} pairs of {dataset} hold a placeholder that nobody filled in",
    "trigger_in_general": "the trigger of {dataset} also stands in {count} general pairs",
    "small_replay": "general pairs are only {count} % of what is trained ({dataset})",
    "open_conflicts": "{count} conflicts in {dataset} are undecided",
}


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    freeze = verbs.add_parser("export", help="freeze datasets into hashed files to train on")
    freeze.add_argument("name", help="the export's name, not taken yet")
    freeze.add_argument("--datasets", required=True, help="names, separated by commas")
    freeze.add_argument("--layout", choices=["format2", "format3", "both"], default="both")
    freeze.add_argument("--test-share", type=float, default=0.2, help="held back (default: 0.2)")
    freeze.add_argument("--accepted-only", action="store_true", help="leave unreviewed pairs out")
    freeze.add_argument("--seed", type=int, default=42, help="decides which wordings are held back")
    freeze.set_defaults(do=_export)

    check = verbs.add_parser("verify", help="recompute an export's hashes")
    check.add_argument("export", metavar="DIR", help="an export's folder, or its name")
    check.set_defaults(do=_verify)


def in_words(warning: ExportWarning) -> str:
    """Return a warning as a sentence of the terminal."""
    return _WORDS[warning.code].format(dataset=warning.dataset, count=warning.count)


def _export(arguments: argparse.Namespace, context: Context) -> int:
    recipe = Recipe(
        name=arguments.name,
        datasets=tuple(names(arguments.datasets)),
        layout=arguments.layout,
        test_share=arguments.test_share,
        accepted_only=arguments.accepted_only,
        seed=arguments.seed,
    )
    with opened(context) as db:
        made = export(db, context.workspace(), recipe)
    for warning in made.warnings:
        context.progress(f"warning: {in_words(warning)}")
    for file in made.files:
        context.say(f"{file.sha1}  {file.name}  {file.rows} rows")
    context.say(f"{made.pairs} pairs, {made.unreviewed} of them unreviewed: {made.folder}")
    context.result(
        {
            "export": made.name,
            "folder": str(made.folder),
            "pairs": made.pairs,
            "unreviewed": made.unreviewed,
            "files": [asdict(file) for file in made.files],
            "warnings": [asdict(warning) for warning in made.warnings],
        }
    )
    return 0


def _verify(arguments: argparse.Namespace, context: Context) -> int:
    folder = context.workspace().export(arguments.export)
    checked = verify(folder)
    for file in checked.broken:
        context.progress(f"{file.name}: {file.reason}")
    context.say(
        f"{folder} holds: {len(checked.files)} files."
        if checked.holds
        else f"{folder} does not hold: {', '.join(file.name for file in checked.broken)}."
    )
    context.result(
        {
            "holds": checked.holds,
            "folder": str(folder),
            "files": [asdict(file) for file in checked.files],
        }
    )
    return 0 if checked.holds else 1
