"""What is to follow a run once it has finished: a request in its folder, seen to by the supervisor.

It knows which module follows, not what that does.
"""

from collections.abc import Collection
from pathlib import Path

from pipeline import launches
from pipeline.jsonio import read_json
from pipeline.workspace import Workspace, numbered_with

REQUEST = "evaluate.request"
"""Its existence asks for an evaluation of the run; who follows it takes it away."""
FOLLOWER = "pipeline.evaluate.after"
"""`python -m FOLLOWER RUN_FOLDER`."""


def due(workspace: Workspace) -> list[Path]:
    """Return the folders of finished runs that have not been followed."""
    return [folder for folder in _asked(workspace) if _has_finished(folder)]


def left(workspace: Workspace, followed: Collection[Path]) -> bool:
    """Say whether a run is at work that is to be followed, or has finished and was not."""
    return any(
        launches.is_at_work(folder, launches.read_launch(folder))
        or (folder not in followed and _has_finished(folder))
        for folder in _asked(workspace)
    )


def _asked(workspace: Workspace) -> list[Path]:
    return numbered_with(workspace.runs, REQUEST)


def _has_finished(folder: Path) -> bool:
    if launches.is_at_work(folder, launches.read_launch(folder)):
        return False
    try:
        return read_json(folder / "result.json").get("state") == "finished"
    except (OSError, ValueError):
        return False
