"""Recompute the hashes of an export and say which file differs. Needs no database."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json
from pipeline.said import Said

MANIFEST = "manifest.json"
REGISTRY = "dataset_info.json"
DATA = {".json", ".jsonl", ".parquet"}
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file of an export, as the manifest has it and as it lies on disk."""

    name: str
    holds: bool
    expected: str
    """The SHA-1 in the manifest; empty for a file that it does not list."""
    found: str
    """The SHA-1 on disk; empty where there is no readable file."""
    reason: str
    """`same`, `differs`, `missing`, `unreadable` or `unlisted`."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a whole export folder is worth."""

    folder: Path
    holds: bool
    files: tuple[FileCheck, ...]

    @property
    def broken(self) -> tuple[FileCheck, ...]:
        """The files that do not hold."""
        return tuple(file for file in self.files if not file.holds)


def verify(folder: Path) -> Verification:
    """Check every file that the manifest lists, and that no other data file lies beside them.

    BadInput if there is no readable manifest: then it is not an export, or not a whole one.
    """
    files = [_check(folder, name, sha1) for name, sha1 in listed(folder)]
    known = {file.name for file in files} | {MANIFEST}
    extra = sorted(p.name for p in folder.iterdir() if p.suffix in DATA and p.name not in known)
    files += [FileCheck(name, False, "", sha1_of(folder / name), "unlisted") for name in extra]
    return Verification(folder, all(file.holds for file in files), tuple(files))


def sha1_of(path: Path) -> str:
    """Return the SHA-1 of a file in hexadecimal."""
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def listed(folder: Path) -> list[tuple[str, str]]:
    """Return the name and SHA-1 of each file that the manifest lists; BadInput without one."""
    try:
        manifest = read_json(folder / MANIFEST)
        entries = manifest["files"]
        if not isinstance(entries, list):
            raise ValueError(Said("its files are no list"))
        found = [(str(entry["name"]), str(entry["sha1"])) for entry in entries]
        found.append((REGISTRY, str(manifest["registry_sha1"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            "{folder} is no whole export: its {manifest} cannot be read ({error}). Export again.",
            folder=folder,
            manifest=MANIFEST,
            error=error,
        ) from error
    for name, _ in found:
        if Path(name).name != name:
            raise BadInput(
                "{path} names {name!r}, which lies outside the export.",
                path=folder / MANIFEST,
                name=name,
            )
    return found


def _check(folder: Path, name: str, expected: str) -> FileCheck:
    try:
        found = sha1_of(folder / name)
    except FileNotFoundError:
        return FileCheck(name, False, expected, "", "missing")
    except OSError:
        return FileCheck(name, False, expected, "", "unreadable")
    return FileCheck(name, found == expected, expected, found, _reason(found == expected))


def _reason(is_same: bool) -> str:
    return "same" if is_same else "differs"
