"""What takes how much room in a workspace, and how much the disk has left."""

import os
import shutil
from dataclasses import dataclass
from typing import Literal, get_args

from pipeline.workspace import Workspace

Part = Literal["database", "exports", "runs", "evaluations", "models", "backups", "rest"]
PARTS: tuple[Part, ...] = get_args(Part)
_FOLDERS: dict[str, Part] = {
    "exports": "exports",
    "runs": "runs",
    "evaluations": "evaluations",
    "models": "models",
    "backups": "backups",
}


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes by part, and of the disk that the workspace lies on."""

    parts: dict[Part, int]
    disk_bytes: int
    free_bytes: int

    @property
    def total_bytes(self) -> int:
        """What the whole workspace takes."""
        return sum(self.parts.values())


def taken(workspace: Workspace) -> Room:
    """Count every file once, also where it has two names; links lead outside and count nothing.

    What is written or deleted meanwhile may be missed.
    """
    sizes: dict[Part, dict[int, int]] = {part: {} for part in PARTS}
    with os.scandir(workspace.root) as found:
        for entry in found:
            _count(entry, sizes[_part(entry.name, workspace.database.stem)])
    counted: set[int] = set()
    parts: dict[Part, int] = {}
    for part in PARTS:
        parts[part] = sum(size for file, size in sizes[part].items() if file not in counted)
        counted |= sizes[part].keys()
    disk = shutil.disk_usage(workspace.root)
    return Room(parts, disk.total, disk.free)


def _part(name: str, stem: str) -> Part:
    """Which part a name in the workspace belongs to; a database put aside is a database."""
    if name.startswith(stem) and ".duckdb" in name:
        return "database"
    return _FOLDERS.get(name, "rest")


def _count(entry: "os.DirEntry[str]", sizes: dict[int, int]) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            with os.scandir(entry) as found:
                for below in found:
                    _count(below, sizes)
        else:
            about = entry.stat(follow_symlinks=False)
            sizes[about.st_ino] = about.st_size
    except FileNotFoundError:
        return  # Deleted this moment.
