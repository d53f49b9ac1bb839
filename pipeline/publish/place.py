"""Handing an export to an existing LLaMA-Factory `data/` folder, without touching what is there.

Files are copied under names that hold their hash, and never over another file. The folder's
`dataset_info.json` keeps every byte that it has: new entries are written before its last brace, in
one atomic step, under a lock, with the old file kept beside it.
"""

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_atomic
from pipeline.publish.export import told
from pipeline.publish.verify import REGISTRY, sha1_of, verify
from pipeline.publish.write import sync, sync_folder
from pipeline.said import Said

LOCK = ".graft.lock"
WAIT_S = 10.0
_BLOCK_BYTES = 1 << 20


class AlreadyThere(BadInput):
    """Something else of that name is in the folder; it is not ours to change."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what
        super().__init__(
            "{path} holds another {what} already. It was left alone and nothing was added: "
            "export under another name, or take that one away yourself."
        )


class RegistryUnreadable(BadInput):
    """The folder's `dataset_info.json` is no JSON object, so nothing can be added to it."""

    def __init__(self, path: Path, problem: object) -> None:
        self.path = path
        super().__init__(
            "{path} cannot be read ({problem}), so nothing was added. Repair it first.",
            problem=problem,
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """What was handed over."""

    folder: Path
    entries: tuple[str, ...]
    """The datasets as LLaMA-Factory calls them."""
    files: tuple[str, ...]
    backup: Path | None
    """The registry as it was before; None where it did not change, or there was none."""


def place(export: Path, folder: Path, *, wait_s: float = WAIT_S) -> Placed:
    """Copy an export's files into a `data/` folder and list them in its registry.

    Doing it again changes nothing. Raises DoesNotHold for a damaged export, AlreadyThere and
    RegistryUnreadable before anything is written, ExportStopped where the disk refuses.
    """
    checked = verify(export)
    if not checked.holds:
        broken = tuple(file.name for file in checked.broken)
        raise DoesNotHold(
            "{export} is not what was exported ({broken}); it was not handed over.",
            export=export,
            broken=broken,
        )
    if not folder.is_dir():
        raise BadInput(
            "There is no folder {folder}. Name LLaMA-Factory's data folder.", folder=folder
        )
    with told(folder), _locked(folder, wait_s):
        return _place(export, folder)


def entries_of(export: Path) -> dict[str, dict[str, object]]:
    """Return the registry entries that an export has in another folder, by name."""
    found: dict[str, dict[str, object]] = {}
    for name, entry in _own_entries(export).items():
        file = PurePath(str(entry["file_name"]))
        named = f"{export.name}_{file.stem}.{str(entry['file_sha1'])[:8]}{file.suffix}"
        found[f"{export.name}_{name}"] = {**entry, "file_name": named}
    return found


def _place(export: Path, folder: Path) -> Placed:
    path = (folder / REGISTRY).resolve()
    before = path.read_bytes() if path.exists() else b""
    entries = entries_of(export)
    added = {name: entry for name, entry in entries.items() if name not in _listed(path, before)}
    for name, entry in entries.items():
        if name not in added and _listed(path, before)[name] != entry:
            raise AlreadyThere(path, Said("dataset {name}", name=name))
        target = folder / str(entry["file_name"])
        if target.exists() and sha1_of(target) != entry["file_sha1"]:
            raise AlreadyThere(target, Said("file"))
    originals = [str(entry["file_name"]) for entry in _own_entries(export).values()]
    for original, entry in zip(originals, entries.values(), strict=True):
        _copy(export / original, folder / str(entry["file_name"]), str(entry["file_sha1"]))
    sync_folder(folder)
    backup = _backup(path, before, export.name) if before and added else None
    if added:
        mode = path.stat().st_mode & 0o777 if before else 0o644
        write_atomic(path, _with(before, added), mode=mode)
        sync_folder(path.parent)
    files = tuple(str(entry["file_name"]) for entry in entries.values())
    return Placed(folder, tuple(entries), files, backup)


def _own_entries(export: Path) -> dict[str, dict[str, object]]:
    listed = read_json(export / REGISTRY)
    return {name: entry for name, entry in listed.items() if isinstance(entry, dict)}


def _listed(path: Path, content: bytes) -> dict[str, object]:
    if not content.strip():
        return {}
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise RegistryUnreadable(path, error) from error
    if not isinstance(value, dict):
        raise RegistryUnreadable(path, Said("it is no JSON object"))
    return value


def _with(before: bytes, added: dict[str, dict[str, object]]) -> bytes:
    """Return the registry with entries before its last brace, in the manner of its others."""
    text = before.decode() or "{\n}\n"
    end = text.rindex("}")
    body, rest = text[:end].rstrip(), text[end:]
    newline = "\r\n" if "\r\n" in text else "\n"
    found = re.search(r"\n([ \t]+)\"", text)
    indent = found.group(1) if found else "  "
    written = json.dumps(added, ensure_ascii=False, indent=indent)[1:-1].rstrip("\n")
    comma = "" if body.endswith("{") else ","
    return (body + comma + written.replace("\n", newline) + newline + rest).encode()


def _backup(path: Path, content: bytes, name: str) -> Path:
    """Keep the registry as it was, under a name that is free."""
    number = 1
    while True:
        kept = path.with_name(f"{path.name}.before-{name}-{number}")
        try:
            with kept.open("xb") as file:
                file.write(content)
                sync(file)
        except FileExistsError:
            number += 1
        else:
            return kept


def _copy(source: Path, target: Path, sha1: str) -> None:
    """Copy a file to a name that is free, whole or not at all."""
    if target.exists():
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with source.open("rb") as read, temporary.open("wb") as file:
            while block := read.read(_BLOCK_BYTES):
                file.write(block)
                digest.update(block)
            sync(file)
        if digest.hexdigest() != sha1:
            raise DoesNotHold(
                "{source} changed while it was copied; nothing was handed over.", source=source
            )
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path, wait_s: float) -> Iterator[None]:
    """Let one process at a time change the folder."""
    until = time.monotonic() + wait_s
    with (folder / LOCK).open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise BadInput(
                        "Another process is handing something over to {folder}. Try again.",
                        folder=folder,
                    ) from None
                time.sleep(0.05)
        yield
