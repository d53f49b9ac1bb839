"""Freeze a recipe's pairs into a folder of hashed files that is whole or absent.

The files are written into a temporary folder beside the exports, each with its SHA-1 computed on
the way, `manifest.json` last; then the folder is renamed. There is no time in any of them: the
same pairs and recipe give the same bytes.
"""

import errno
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pyarrow

from pipeline.errors import BadInput
from pipeline.publish import outline
from pipeline.publish.manifest import FORMAT, ExportFile, Manifest
from pipeline.publish.outline import Readers
from pipeline.publish.plan import check_not_empty, plan_of, sources
from pipeline.publish.planned import SIDES, ExportPlan, Members
from pipeline.publish.recipe import Recipe
from pipeline.publish.registry import registry
from pipeline.publish.verify import MANIFEST, REGISTRY, sha1_of, verify
from pipeline.publish.warnings import ExportWarning
from pipeline.publish.write import sync_folder, write_bytes, write_files
from pipeline.said import Said
from pipeline.workspace import Workspace
from store import exports
from store.db import Database
from store.errors import NameTaken

__all__ = ["ExportResult", "export"]

# One export at a time in a process: what bears this process's id and is not ours now is stale.
_WRITING = threading.Lock()
_MEMORY_MB = 200
"""Of the store's pages, each of which is read twice: more of them would only lie there."""


class FolderTaken(NameTaken):
    """A folder of that name lies among the exports that the workspace does not remember making."""

    def __init__(self, folder: Path) -> None:
        super().__init__("export", folder.name)
        self.args = (
            Said(
                "{folder} lies there already, but holds something else than this export would, and "
                "the workspace does not remember it. Choose another name, or move that folder "
                "away.",
                folder=folder,
            ),
        )
        self.folder = folder


class ExportStopped(BadInput):
    """The disk did not take the files: it is full, read-only, or not ours to write."""

    def __init__(self, folder: Path, error: OSError) -> None:
        why, cure = _CAUSES.get(
            error.errno or 0,
            (error.strerror or str(error), Said("Look at that disk, then try again.")),
        )
        self.folder, self.errno = folder, error.errno
        super().__init__(
            "Nothing was exported: {folder} could not be written ({why}). {cure} What was "
            "exported before is as it was.",
            why=why,
            cure=cure,
        )


_CAUSES: dict[int, tuple[str, str]] = {
    errno.ENOSPC: (Said("the disk is full"), Said("Make room there, then export again.")),
    errno.EDQUOT: (
        Said("your share of the disk is full"),
        Said("Make room there, then export again."),
    ),
    errno.EFBIG: (
        Said("a file grew beyond the limit set for it"),
        Said("Raise the limit, or export less."),
    ),
    errno.EROFS: (
        Said("the disk is read-only"),
        Said("Let it be written, or choose another workspace."),
    ),
    errno.EACCES: (
        Said("you may not write there"),
        Said("Change its rights, or choose another workspace."),
    ),
    errno.EPERM: (
        Said("you may not write there"),
        Said("Change its rights, or choose another workspace."),
    ),
}


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
    with _WRITING, db.frugal(_MEMORY_MB), outline.readers(db) as source:
        planned = plan_of(sources(db, source, recipe), recipe)
        check_not_empty(planned)
        with told(workspace.exports):
            remove_stale(workspace.exports, recipe.name)
            manifest = _written(source, planned, folder)
            manifest_sha1 = sha1_of(folder / MANIFEST)
        exports.add(
            db,
            recipe.name,
            str(folder),
            recipe=recipe.to_json(),
            manifest_sha1=manifest_sha1,
            members=_columns(planned.members),
        )
    return ExportResult(
        name=recipe.name,
        folder=folder,
        files=manifest.files,
        pairs=planned.pairs,
        unreviewed=planned.unreviewed,
        warnings=planned.warnings,
    )


def _written(source: Readers, planned: ExportPlan, folder: Path) -> Manifest:
    """Write everything into a folder beside, and put that in its place."""
    temporary = Path(tempfile.mkdtemp(prefix=_prefix(folder.name, os.getpid()), dir=folder.parent))
    try:
        manifest = _write(source, planned, temporary)
        _place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into words."""
    try:
        yield
    except OSError as error:
        raise ExportStopped(folder, error) from error


def _columns(members: Members) -> pyarrow.Table:
    sides = pyarrow.array(SIDES).take(pyarrow.array(members.sides))
    return pyarrow.table({"pair_id": members.ids, "version": members.versions, "split": sides})


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


def _write(source: Readers, planned: ExportPlan, folder: Path) -> Manifest:
    """Write every file, the manifest last, and return what the manifest says."""
    folder.chmod(0o755)
    files = write_files(source, planned.files, folder)
    shaped = list(zip(files, (each.shape for each in planned.files), strict=True))
    manifest = Manifest(
        name=planned.recipe.name,
        recipe=planned.recipe.to_json(),
        pairs=planned.pairs,
        unreviewed=planned.unreviewed,
        files=files,
        registry_sha1=write_bytes(folder / REGISTRY, _pretty(registry(shaped))),
    )
    write_bytes(folder / MANIFEST, _pretty({"format": FORMAT, **asdict(manifest)}))
    sync_folder(folder)
    return manifest


def _pretty(value: dict[str, object]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _place(temporary: Path, folder: Path) -> None:
    """Rename the whole folder to its name, or find there what was to be written."""
    if folder.exists():
        if not _is_same(temporary, folder):
            raise FolderTaken(folder)
        return
    temporary.rename(folder)
    sync_folder(folder.parent)


def _is_same(temporary: Path, folder: Path) -> bool:
    """Say whether a finished folder holds byte for byte what was written again."""
    manifest = folder / MANIFEST
    if not manifest.is_file() or manifest.read_bytes() != (temporary / MANIFEST).read_bytes():
        return False
    return verify(folder).holds
