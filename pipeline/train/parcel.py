"""What a run takes to another machine, and what it brings back: files as lines of a log.

Out go Graft's own code, the frozen config, the export, and the newest checkpoint to go on from.
Back come the adapter, the newest checkpoint and the result, through the one thing that a job server
shows of a job: what it prints.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import DoesNotHold
from pipeline.train import checkpoints, config

RUN = "run"
"""The run's folder inside the archive; `export/NAME/` and `initial/` (an adapter) lie in it."""
EVENT, FILE, DATA, DONE = "GRAFT-EVENT ", "GRAFT-FILE ", "GRAFT-DATA ", "GRAFT-DONE "
_CODE = ("pipeline", "store")
_BLOCK = 48 * 1024  # A multiple of three, so that the lines of base64 join.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, repository: Path) -> bytes:
    """Return a zip archive of all that the run of a folder needs, alike for alike contents."""
    chosen = config.read(folder)
    found = [(path, path.relative_to(repository)) for path in _code(repository)]
    found.append((folder / "config.json", Path(RUN, "config.json")))
    export = Path(chosen.export)
    names = {file.name for file in (*chosen.data, *chosen.validation)}
    found += [(export / name, Path(RUN, "export", export.name, name)) for name in names]
    taken = [(each.folder, Path("checkpoints", each.folder.name)) for each in _newest(folder)]
    if chosen.initial_adapter:
        taken.append((Path(chosen.initial_adapter), Path("initial")))
    for home, name in taken:
        found += [(path, Path(RUN, name, path.name)) for path in home.iterdir() if path.is_file()]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        for path, name in sorted(found, key=lambda each: str(each[1])):
            zipped.writestr(zipfile.ZipInfo(str(name), _MOMENT), path.read_bytes())
    return archive.getvalue()


def _code(repository: Path) -> Iterator[Path]:
    for package in _CODE:
        for path in sorted((repository / package).rglob("*")):
            if path.suffix in {".py", ".sql", ".json"} and "__pycache__" not in path.parts:
                yield path


def unload(folder: Path) -> Iterator[str]:
    """Yield the lines that carry a finished run's files: adapter, newest checkpoint, result."""
    wanted = [folder / "adapter", *(each.folder for each in _newest(folder))]
    paths = [path for home in wanted for path in sorted(home.rglob("*")) if path.is_file()]
    for path in [*paths, folder / "result.json"]:
        if not path.exists():
            continue
        data = path.read_bytes()
        about = {"name": str(path.relative_to(folder)), "sha1": _sha1(data)}
        yield FILE + json.dumps(about)
        for start in range(0, len(data), _BLOCK):
            yield DATA + base64.b64encode(data[start : start + _BLOCK]).decode()


class Unpacking:
    """Takes the lines of `unload` and puts the files into a run's folder, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, folder / f".arriving.{os.getpid()}"
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir()
        self._expected: dict[str, str] = {}
        self._path: Path | None = None

    def take(self, line: str) -> None:
        """Take a line that begins a file or carries a piece of it."""
        if line.startswith(FILE):
            about = json.loads(line.removeprefix(FILE))
            name = str(about["name"])
            path = (self._home / name).resolve()
            if not path.is_relative_to(self._home.resolve()):
                raise DoesNotHold(
                    "The cluster sent a file that lies outside the run: {name!r}.", name=name
                )
            self._expected[name], self._path = str(about["sha1"]), path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        elif self._path is not None:
            with self._path.open("ab") as file:
                file.write(base64.b64decode(line.removeprefix(DATA)))

    def finish(self) -> None:
        """Check every hash, then give the folders their places, and the result last."""
        for name, sha1 in self._expected.items():
            if _sha1((self._home / name).read_bytes()) != sha1:
                raise DoesNotHold("{name} was damaged on its way back from the cluster.", name=name)
        for home in sorted(self._home.glob("checkpoints/*")):
            _put(home, self._folder / "checkpoints" / home.name)
        if (self._home / "adapter").exists():
            _put(self._home / "adapter", self._folder / "adapter")
        if (self._home / "result.json").exists():
            (self._home / "result.json").replace(self._folder / "result.json")
        self.give_up()

    def give_up(self) -> None:
        """Clear away what has arrived."""
        shutil.rmtree(self._home, ignore_errors=True)


def _newest(folder: Path) -> tuple[checkpoints.Checkpoint, ...]:
    return checkpoints.listed(folder)[-1:]


def _put(arrived: Path, place: Path) -> None:
    for path in filter(Path.is_file, arrived.rglob("*")):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    place.parent.mkdir(exist_ok=True)
    checkpoints.put(arrived, place)


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
