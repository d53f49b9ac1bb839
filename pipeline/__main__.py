"""The command line: `python -m pipeline [--workspace DIR] [--json] VERB …`.

Exit codes: 0 done; 1 the thing asked about does not hold (a hash differs, a run failed);
2 wrong usage or input.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline import disk
from pipeline.cli import (
    backup,
    data,
    demo,
    factory,
    publish,
    queue,
    sky,
    study,
    train,
    use,
    versions,
)
from pipeline.cli.output import Context
from pipeline.errors import DoesNotHold, PipelineError
from store.errors import StoreError

# add_verbs(verbs) of each verb module sets `do=function(arguments, context) -> exit code`.
Verb = Callable[[argparse.Namespace, Context], int]


def parser() -> argparse.ArgumentParser:
    """Build the whole parser; a test compares its verbs with the user guide."""
    top = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    top.add_argument("--workspace", type=Path, help="the workspace folder (default: $GRAFT_HOME)")
    top.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for module in (data, backup, publish, versions, factory, sky, train, study, queue, use, demo):
        module.add_verbs(verbs)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    arguments = parser().parse_args(argv)
    context = Context(arguments.workspace, arguments.json)
    verb: Verb = arguments.do
    try:
        return verb(arguments, context)
    except DoesNotHold as fact:
        context.progress(str(fact))
        return 1
    except (PipelineError, StoreError) as error:
        context.progress(f"error: {error}")
        return 2
    except OSError as error:
        if not disk.is_full(error):
            raise
        context.progress(f"error: {disk.NoSpaceLeft(context.workspace().root)}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
