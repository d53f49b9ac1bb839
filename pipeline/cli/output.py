"""What a verb says: words and progress on stderr, and with --json one object on stdout."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.queue import supervise
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Context:
    """What every verb is given beside its own arguments."""

    workspace_path: Path | None
    is_json: bool

    def workspace(self) -> Workspace:
        """Open (and if need be make) the workspace's folders, and let what waits there go on."""
        workspace = Workspace.at(self.workspace_path)
        supervise.ensure(workspace)
        return workspace

    def say(self, words: str, *, end: str = "\n") -> None:
        """Print words for a person: stdout normally, stderr when stdout belongs to --json."""
        print(words, end=end, file=sys.stderr if self.is_json else sys.stdout, flush=True)

    def progress(self, words: str) -> None:
        """Print a progress line to stderr."""
        print(words, file=sys.stderr, flush=True)

    def stream(self, value: dict[str, object], **lists: Iterable[dict[str, object]]) -> None:
        """Print the verb's result object with lists at its end, row by row, for --json.

        However long they are, one row at a time is in memory.
        """
        if not self.is_json:
            return
        head = json.dumps(value, ensure_ascii=False)
        print(head[:-1], end="")
        for name, rows in lists.items():
            print(f", {json.dumps(name)}: [", end="")
            for place, row in enumerate(rows):
                print(", " if place else "", json.dumps(row, ensure_ascii=False), sep="", end="")
            print("]", end="")
        print("}", flush=True)

    def result(self, value: dict[str, object]) -> None:
        """Print the verb's result object when --json was asked for."""
        if self.is_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)
