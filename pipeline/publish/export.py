"""Freeze a recipe's pairs into a folder of hashed files that is whole or absent.

The files are written into a temporary folder beside the exports, each with its SHA-1 computed on
the way, `manifest.json` last; then the folder is renamed. There is no time in any of them: the
same pairs and recipe give the same bytes.
"""

import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pipeline.publish.layouts import to_row
from pipeline.publish.manifest import FORMAT, ExportFile, Manifest
from pipeline.publish.plan import (
    ExportPlan,
    ExportWarning,
    PlannedFile,
    check_not_empty,
    plan,
)
from pipeline.publish.recipe import Recipe
from pipeline.publish.registry import registry
from pipeline.publish.verify import MANIFEST, REGISTRY, sha1_of, verify
from pipeline.workspace import Workspace
from store import exports
from store.db import Database
from store.errors import NameTaken

__all__ = ["ExportPlan", "ExportResult", "export", "plan"]

# One export at a time in a process: what bears this process's id and is not ours now is stale.
_WRITING = threading.Lock()


class FolderTaken(NameTaken):
    """A folder of that name lies among the exports that the workspace does not remember making."""

    def __init__(self, folder: Path) -> None:
        super().__init__("export", folder.name)
        self.args = (
            f"{folder} lies there already, but holds something else than this export would, and "
            "the workspace does not remember it. Choose another name, or move that folder away.",
        )
        self.folder = folder


@dataclass(frozen=True, slots=True)
class ExportResult:
    """An export that was made."""

    name: str
    folder: Path
    files: tuple[ExportFile, ...]
    pairs: int
    unreviewed: int
    warnings: tuple[ExportWarning, ...]


def export(db: Database, workspace: Workspace, recipe: Recipe) -> ExportResult:
    """Write an export and remember it; NameTaken if there is one of that name already.

    A folder that was finished but not remembered (the process died between the two) is remembered
    now if it is what would be written again, byte for byte; otherwise FolderTaken says so.
    """
    folder = workspace.exports / recipe.name
    if exports.is_taken(db, recipe.name):
        raise NameTaken("export", recipe.name)
    planned = plan(db, recipe)
    check_not_empty(planned)
    with _WRITING:
        remove_stale(workspace.exports, recipe.name)
        temporary = Path(
            tempfile.mkdtemp(prefix=_prefix(recipe.name, os.getpid()), dir=workspace.exports)
        )
        try:
            manifest = _write(planned, temporary)
            _place(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        exports.add(
            db,
            recipe.name,
            str(folder),
            recipe=recipe.to_json(),
            manifest_sha1=sha1_of(folder / MANIFEST),
            members=planned.members,
        )
    return ExportResult(
        name=recipe.name,
        folder=folder,
        files=manifest.files,
        pairs=planned.pairs,
        unreviewed=planned.unreviewed,
        warnings=planned.warnings,
    )


def remove_stale(home: Path, name: str) -> None:
    """Remove what an export of that name left behind when its process died."""
    start = f".{name}.tmp-"
    for folder in home.iterdir():
        pid = folder.name.removeprefix(start).partition("-")[0]
        if not folder.name.startswith(start) or not pid.isdigit():
            continue
        if int(pid) == os.getpid() or not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder)


def _prefix(name: str, pid: int) -> str:
    return f".{name}.tmp-{pid}-"


def _write(planned: ExportPlan, folder: Path) -> Manifest:
    """Write every file, the manifest last, and return what the manifest says."""
    folder.chmod(0o755)
    files = [(_write_rows(each, folder), each.columns) for each in planned.files]
    listed = registry(files)
    registry_sha1 = _write_hashed(folder / REGISTRY, [_pretty(listed)])[0]
    manifest = Manifest(
        name=planned.recipe.name,
        recipe=planned.recipe.to_json(),
        pairs=planned.pairs,
        unreviewed=planned.unreviewed,
        files=tuple(file for file, _ in files),
        registry_sha1=registry_sha1,
    )
    _write_hashed(folder / MANIFEST, [_pretty({"format": FORMAT, **asdict(manifest)})])
    _sync(folder)
    return manifest


def _write_rows(planned: PlannedFile, folder: Path) -> ExportFile:
    sha1, size_bytes = _write_hashed(folder / planned.name, _pieces(planned))
    return ExportFile(
        name=planned.name,
        dataset=planned.dataset,
        role=planned.role,
        layout=planned.layout,
        split=planned.split,
        rows=planned.rows,
        bytes=size_bytes,
        sha1=sha1,
        trigger=planned.trigger,
    )


def _pieces(planned: PlannedFile) -> Iterator[bytes]:
    """Yield an alpaca array with one row a line."""
    trigger = planned.trigger if planned.layout == "format3" else ""
    before = "[\n"
    for pair in planned.pairs:
        row = to_row(pair, planned.columns, trigger=trigger)
        yield (before + json.dumps(row, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"\n]\n"


def _pretty(value: dict[str, object]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _write_hashed(path: Path, pieces: Iterator[bytes] | list[bytes]) -> tuple[str, int]:
    """Write and sync a file; return its SHA-1 and size, counted while it is written."""
    digest, size_bytes = hashlib.sha1(usedforsecurity=False), 0
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size_bytes += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size_bytes


def _place(temporary: Path, folder: Path) -> None:
    """Rename the whole folder to its name, or find there what was to be written."""
    if folder.exists():
        if not _is_same(temporary, folder):
            raise FolderTaken(folder)
        return
    temporary.rename(folder)
    _sync(folder.parent)


def _is_same(temporary: Path, folder: Path) -> bool:
    """Say whether a finished folder holds byte for byte what was written again."""
    manifest = folder / MANIFEST
    if not manifest.is_file() or manifest.read_bytes() != (temporary / MANIFEST).read_bytes():
        return False
    return verify(folder).holds


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
