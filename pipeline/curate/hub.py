"""Datasets by name: fetched by a worker process, which alone knows Hugging Face's `datasets`."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.curate.sources import Found, Source
from pipeline.errors import BadInput
from pipeline.said import Said
from pipeline.workspace import REPOSITORY, Workspace

PREFIX = "hf:"
_LOOKED_AGAIN_S = 0.2
_GRACE_S = 5.0
_ENVIRONMENT = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_ETAG_TIMEOUT": "10"}


class FetchFailed(BadInput):
    """A dataset could not be fetched by its name; the text is the worker's reason."""

    def __init__(self, name: str, reason: Said) -> None:
        self.name, self.reason = name, reason
        super().__init__(reason)


def is_name(given: str) -> bool:
    """Whether what was given names a dataset rather than a path."""
    return given.startswith(PREFIX)


def fetch(workspace: Workspace, given: str, note: Callable[[], None] | None = None) -> Found:
    """Fetch `hf:NAME` into the workspace and return its splits.

    `note` is called several times a second; what it raises stops the worker. FetchFailed says why
    a dataset cannot be had.
    """
    name = given.removeprefix(PREFIX).strip()
    folder = folder_of(workspace, given)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pipeline.workers.fetch_dataset", name, str(folder)]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        said = _waited(process, note)
    except BaseException:
        _stop(process)
        raise
    if process.returncode:
        raise FetchFailed(name, _reason(said, process.returncode))
    return fetched(workspace, given)


def fetched(workspace: Workspace, given: str) -> Found:
    """Return the splits of a dataset that was fetched before; BadInput where it was not."""
    folder = folder_of(workspace, given)
    name = given.removeprefix(PREFIX).strip()
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    if not files:
        raise BadInput("{name} was not fetched yet, or holds no rows.", name=name)
    title = re.sub(r"[^\w.-]+", "-", name.rstrip("/").rpartition("/")[2])
    return Found(
        tuple(
            Source(
                f"{PREFIX}{name}/{file.stem}",
                (file,),
                dataset=title if len(files) == 1 else f"{title}-{file.stem}",
            )
            for file in files
        )
    )


def folder_of(workspace: Workspace, given: str) -> Path:
    """Return where a dataset is fetched to."""
    name = given.removeprefix(PREFIX).strip()
    return workspace.root / "downloads" / re.sub(r"[^\w.-]+", "--", name).strip("-.")


def _waited(process: "subprocess.Popen[str]", note: Callable[[], None] | None) -> str:
    while True:
        try:
            _, said = process.communicate(timeout=_LOOKED_AGAIN_S)
        except subprocess.TimeoutExpired:
            if note:
                note()
        else:
            return str(said or "")


def _reason(said: str, code: int) -> Said:
    """Return what the worker said on its last line, as JSON where it ended on purpose."""
    last = (said.strip().splitlines() or [""])[-1]
    try:
        return Said.from_json(json.loads(last))
    except (ValueError, AttributeError):
        return Said(last) if last else Said("the worker ended with code {code}", code=code)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    until = time.monotonic() + _GRACE_S
    while process.poll() is None and time.monotonic() < until:
        time.sleep(_LOOKED_AGAIN_S)
    if process.poll() is None:
        process.kill()
    process.communicate()
