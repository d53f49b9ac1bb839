"""The SHA-256 of a base model's weights: what makes an answer's origin certain.

Large files are hashed once and remembered by size and time of change.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.jsonio import read_json, write_json

CACHE = "model-hashes.json"


def weights_sha256(folder: Path, home: Path) -> str:
    """Return one hash for all weight files of a model; `home` keeps what was hashed before.

    BadInput if the folder holds no safetensors.
    """
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise BadInput("{folder} holds no safetensors weights.", folder=folder)
    known = _known(home)
    stamps = {str(shard.resolve()): _stamp(shard) for shard in shards}
    fresh = {
        path: {"stamp": stamp, "sha256": _hash(Path(path))}
        for path, stamp in stamps.items()
        if known.get(path, {}).get("stamp") != stamp
    }
    if fresh:
        known |= fresh
        write_json(home / CACHE, known)
    listed = [[shard.name, known[str(shard.resolve())]["sha256"]] for shard in shards]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _known(home: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with suppress(OSError, ValueError):  # Lost or damaged: hashed again.
        for path, entry in read_json(home / CACHE).items():
            if isinstance(entry, dict):
                found[path] = {str(name): str(value) for name, value in entry.items()}
    return found


def _stamp(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
