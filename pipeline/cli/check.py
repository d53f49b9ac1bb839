"""The verb check: says what in the data would spoil training."""

import argparse

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.curate import quality


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    check = verbs.add_parser("check", help="say what in the data would spoil training")
    check.add_argument("--datasets", default="", help="names, separated by commas (default: all)")
    check.set_defaults(do=_check)


def _check(arguments: argparse.Namespace, context: Context) -> int:
    with opened(context) as db:
        findings = quality.check(
            db, quality.chosen(db, names(arguments.datasets)), workspace=context.workspace()
        )
    for finding in findings:
        place = f" {finding.source}" if finding.source else ""
        context.say(f"{finding.dataset}{place}: {finding.check} {finding.fact}")
    context.say(f"{len(findings)} findings.")
    fields = quality.Finding.__dataclass_fields__
    context.result({"findings": [{name: getattr(f, name) for name in fields} for f in findings]})
    return 0
