"""Verbs: export, verify. Verify opens no database: a dashboard may hold it."""

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.errors import BadInput
from pipeline.publish import recipe_file
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
    "not_compared": "{count} pairs of {dataset} were not compared yet (dedup), so that wordings "
    "of one fact may be trained and tested",
    "few_wordings": "hardly a fact of {dataset} has three wordings, so that only {possible} rows "
    "can test what is learned; write more wordings",
    "few_tested": "only {count} rows test {dataset}, as close wordings of a fact stay on one side; "
    "{possible} with --paraphrases tested",
}


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    freeze = verbs.add_parser("export", help="freeze datasets into hashed files to train on")
    freeze.add_argument("name", nargs="?", default="", help="the export's name, not taken yet")
    freeze.add_argument("--recipe", type=Path, help="a YAML file; other options change it")
    freeze.add_argument("--datasets", help="names, separated by commas")
    layouts = ["format2", "format3", "both", "sharegpt", "messages"]
    freeze.add_argument("--layout", choices=layouts, help="(default: both)")
    freeze.add_argument("--repeat", action="append", metavar="DATASET=TIMES", default=[])
    freeze.add_argument("--replay", type=float, help="share of general rows (default: all)")
    freeze.add_argument("--test-share", type=float, help="wordings held back (default: 0.2)")
    freeze.add_argument("--fact-share", type=float, help="facts held back (default: 0.1)")
    freeze.add_argument(
        "--paraphrases",
        choices=["tested", "together"],
        help="keep close wordings of a fact on one side (default), or test some of them too",
    )
    freeze.add_argument("--system", help="keep, drop, or the text for pairs without one")
    freeze.add_argument("--files", choices=["json", "jsonl", "parquet"], dest="file_format")
    freeze.add_argument("--accepted-only", action="store_true", help="leave unreviewed pairs out")
    freeze.add_argument("--seed", type=int, help="decides what is held back (default: 42)")
    freeze.set_defaults(do=_export)

    check = verbs.add_parser("verify", help="recompute an export's hashes")
    check.add_argument("export", metavar="DIR", help="an export's folder, or its name")
    check.set_defaults(do=_verify)


def in_words(warning: ExportWarning) -> str:
    """Return a warning as a sentence of the terminal."""
    return _WORDS[warning.code].format(**asdict(warning))


_CHANGES = (
    "layout", "replay", "test_share", "fact_share", "paraphrases", "file_format", "seed",
)  # fmt: skip
"""What the command line may say otherwise than a recipe's file, in one word each."""


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Return the recipe of the arguments: of the file, if there is one, changed by the others."""
    given: dict[str, object] = {
        name: value for name in _CHANGES if (value := getattr(arguments, name)) is not None
    }
    if arguments.accepted_only:
        given["accepted_only"] = True
    if arguments.system is not None:
        is_policy = arguments.system in ("keep", "drop")
        given["system"] = arguments.system if is_policy else "text"
        given["system_text"] = "" if is_policy else arguments.system
    if arguments.repeat:
        given["repeats"] = dict(map(_repeat, arguments.repeat))
    if arguments.datasets is not None:
        given["datasets"] = names(arguments.datasets)
    if arguments.recipe:
        written = recipe_file.read(_text_of(arguments.recipe), name=arguments.name)
        return Recipe.from_json({**written.to_json(), **given})
    if "datasets" not in given:
        raise BadInput("Name the datasets (--datasets A,B), or a recipe (--recipe FILE.yaml).")
    return Recipe.from_json({"name": arguments.name, **given})


def _repeat(text: str) -> tuple[str, int]:
    name, _, times = text.rpartition("=")
    if not name or not times.isdigit():
        raise BadInput(f"--repeat takes DATASET=TIMES, for example me=3; not {text!r}.")
    return name, int(times)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"The recipe {path} cannot be read ({error}).") from error


def _export(arguments: argparse.Namespace, context: Context) -> int:
    recipe = recipe_of(arguments)
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
